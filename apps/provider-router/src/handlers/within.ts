/** What comes of something within so many milliseconds, else `otherwise`. Rejects as it does. */
export async function within<T>(end: Promise<T>, milliseconds: number, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => (timer = setTimeout(() => resolve(otherwise), milliseconds)));
  try {
    return await Promise.race([end, late]);
  } finally {
    clearTimeout(timer);
  }
}
