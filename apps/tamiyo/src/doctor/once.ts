/** The same answer, or the same failure, for whoever asks: several checks look at one thing, which is read once. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}
