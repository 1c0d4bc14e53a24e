/** How long to wait before the next try. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Milliseconds before try number `attempt` (1 is the first after a loss): twice as long each time up to 15 s, of which
 * a random half is taken off, so that a restarted gateway is not met by all its pages in one instant.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, attempt - 1));
  return Math.round(whole / 2 + (whole / 2) * random());
}
