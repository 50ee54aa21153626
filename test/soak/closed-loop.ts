/** So many clients that each send as soon as they are answered. */
export async function closedLoop(clients: number, until: AbortSignal, send: () => Promise<unknown>): Promise<void> {
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (!until.aborted) await send();
    }),
  );
}
