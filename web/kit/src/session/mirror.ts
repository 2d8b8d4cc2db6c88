/** A copy of a fact that somebody else owns: takes whole snapshots, ignores one that is older than what it has. */
export function newer<T extends { revision: number }>(known: T | null, snapshot: T): T {
  return known !== null && snapshot.revision < known.revision ? known : snapshot;
}
