/** The line that starts the agent: with the code, and bound to this service by its certificate. */
export function agentCommand(code: string, server: string, fingerprint: string): string {
  const bound = /^[0-9a-f]{64}$/.test(fingerprint) ? ` --fingerprint ${fingerprint}` : "";
  return `chmod +x farhand-agent && ./farhand-agent join ${code} --server ${server}${bound}`;
}
