/** The line that starts the agent with ten digits or what a link carries, bound to this service by its certificate. */
export function agentCommand(argument: string, server: string, fingerprint: string, file = "farhand-agent"): string {
  const bound = /^[0-9a-f]{64}$/.test(fingerprint) ? ` --fingerprint ${fingerprint}` : "";
  const name = /^[\w.+~-]+$/.test(file) ? file : "farhand-agent";
  return `chmod +x ${name} && ./${name} join ${argument} --server ${server}${bound}`;
}
