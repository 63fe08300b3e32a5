import type { CliContext } from '../cli-context.js';
import { findingsOf, type Finding } from '../domain/doctor/finding.js';

/** What every look is given. */
export interface ExaminedPlace {
  readonly context: CliContext;
  /** Of the gateway, where it was told. */
  readonly url: string | undefined;
}

/** One look at one thing. It may throw: what it throws becomes a finding. */
export interface Look {
  readonly subject: string;
  readonly look: (place: ExaminedPlace) => Promise<readonly Finding[]>;
}

const WITHIN_MS = 15_000;

/** Looks at everything at once; what cannot be looked at within a while is told as unknown. In the order of `looks`. */
export async function examine(looks: readonly Look[], place: ExaminedPlace): Promise<Finding[]> {
  return (await Promise.all(looks.map((look) => lookOnce(look, place)))).flat();
}

async function lookOnce({ subject, look }: Look, place: ExaminedPlace): Promise<readonly Finding[]> {
  const { unknown } = findingsOf(subject);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(() => resolve([unknown(`did not answer within ${WITHIN_MS / 1_000} s`, 'Look at it by itself: it may be overloaded, or out of reach.')]), WITHIN_MS);
  });
  try {
    return await Promise.race([look(place), late]);
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return [unknown(says.split('\n')[0] ?? '', 'It could not be looked at; the sentence before says why.')];
  } finally {
    clearTimeout(timer);
  }
}
