/** The line that starts the agent: with the code, the secret of the link where there is one, and bound to this service by its certificate. */
export function agentCommand(code: string, secret: string | null, server: string, fingerprint: string): string {
  const bound = /^[0-9a-f]{64}$/.test(fingerprint) ? ` --fingerprint ${fingerprint}` : "";
  return `chmod +x farhand-agent && ./farhand-agent join ${secret === null ? code : `${code}.${secret}`} --server ${server}${bound}`;
}
