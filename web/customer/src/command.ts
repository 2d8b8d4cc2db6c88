/** The line that starts the agent with ten digits or what a link carries, bound to this service by its certificate. */
export function agentCommand(argument: string, server: string, fingerprint: string): string {
  const bound = /^[0-9a-f]{64}$/.test(fingerprint) ? ` --fingerprint ${fingerprint}` : "";
  return `chmod +x farhand-agent && ./farhand-agent join ${argument} --server ${server}${bound}`;
}
