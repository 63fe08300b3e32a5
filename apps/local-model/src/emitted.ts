/** What `run` pushes, as it comes; ends when `run` does, and throws what it throws. */
export async function* emitted<T>(run: (push: (item: T) => void) => Promise<void>): AsyncGenerator<T> {
  const items: T[] = [];
  let news = Promise.withResolvers<void>();
  let isOver = false;
  const running = run((item) => {
    items.push(item);
    news.resolve();
  }).finally(() => {
    isOver = true;
    news.resolve();
  });
  // whoever stops reading does not wait for it, and what it throws is thrown below
  running.catch(() => undefined);
  while (!isOver || items.length > 0) {
    await news.promise;
    news = Promise.withResolvers<void>();
    yield* items.splice(0);
    if (isOver) news.resolve();
  }
  await running;
}
