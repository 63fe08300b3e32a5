/** 3 for `gemini-3-flash-preview`, 2 for `google/gemini-2.5-pro`; undefined where the name does not tell, as in `gemini-flash-latest`. */
export function modelGeneration(model: string): number | undefined {
  const digits = /gemini-(\d+)/.exec(model)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
