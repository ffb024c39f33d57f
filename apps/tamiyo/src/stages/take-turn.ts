import type { StageAt } from './parts.js';

/** Waits for this decision's turn, no longer than the decision's deadline. Whoever ends the decision gives it back. */
export async function takeTurn({ session, parts }: StageAt): Promise<void> {
  const taken = parts.turns.take();
  // A turn that comes after all is given back at once: nobody is there to use it.
  session.leaveTurn = await session.arrows.deadline.within('observe', taken, (late) => {
    void late.then((leave) => leave());
  });
}
