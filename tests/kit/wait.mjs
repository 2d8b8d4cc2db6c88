// Waiting for named conditions. The only place of the tests that holds a timer.

/** How long a condition may take before it counts as failed, in milliseconds. Generous: machines are shared. */
export const PATIENCE = 30_000;

/** Resolves after `ms`: the pace of a person, or of asking again; never a guess at how long a program needs. */
export const pace = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Asks until `check` returns something that is not false, null or undefined, and returns that.
 * What it throws meanwhile counts as "not yet" and is named if the time runs out.
 */
export async function until(what, check, { within = PATIENCE, every = 40 } = {}) {
  const end = performance.now() + within;
  let last;
  for (;;) {
    try {
      const found = await check();
      if (found !== false && found !== null && found !== undefined) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= end) {
      throw new Error(`waited ${within} ms for: ${what}${last ? ` (last: ${last.message})` : ''}`, { cause: last });
    }
    await pace(every);
  }
}

/** `promise`, or an error that says what did not come in time. */
export function inTime(what, promise, within = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${within} ms for: ${what}`)), within);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A page shows what it learnt a moment later: waits until `read` gives `expected`, and says what it gave last. */
export async function becomes(read, expected) {
  let last;
  const fits = async () => {
    last = await read();
    return last === expected;
  };
  await until(`${expected}`, fits).catch((error) => {
    throw new Error(`${error.message}; last: ${last}`, { cause: error });
  });
}
