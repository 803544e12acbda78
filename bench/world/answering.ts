/** The side of a helper process: answers each question, in order, until its parent is gone. */
export function answering(answer: (question: unknown) => unknown): void {
  process.on('message', (question) => {
    void Promise.resolve(answer(question)).then((result) => process.send?.(result ?? null));
  });
  process.once('disconnect', () => process.exit());
}
