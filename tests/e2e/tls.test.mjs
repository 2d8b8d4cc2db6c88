// What somebody on the way, or with a scanner, finds at the service's port (N2, N4).

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Household } from '../kit/household.mjs';
import { ROOT } from '../kit/programs.mjs';
import { run } from '../kit/run.mjs';
import { Service } from '../kit/service.mjs';

// `cargo xtask test` installs it into the target folder and says where.
const SSLYZE = process.env.FARHAND_SSLYZE ?? path.join(ROOT, 'target/python/bin/sslyze');

const NONE = ['ssl_2_0_cipher_suites', 'ssl_3_0_cipher_suites', 'tls_1_0_cipher_suites', 'tls_1_1_cipher_suites'];
const TLS12 = {
  ecdsa: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
  rsa: ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
};
const TLS13 = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

for (const kind of ['ecdsa', 'rsa']) {
  describe(`sslyze with an ${kind} certificate`, () => {
    let household;
    let found;
    let said;
    before(async () => {
      assert.ok(existsSync(SSLYZE), `sslyze is not at ${SSLYZE}; \`cargo xtask test set-up\` installs it`);
      household = new Household();
      const args = kind === 'rsa' ? await rsa(household.folder) : [];
      const service = await Service.open(household, { args });
      const out = path.join(household.folder, 'sslyze.json');
      const wanted = ['--json_out', out, '--mozilla_config', 'intermediate', '--early_data', `127.0.0.1:${service.port}`];
      said = await new Promise((resolve) => execFile(SSLYZE, wanted, (_, stdout, stderr) => resolve(`${stdout}${stderr}`)));
      assert.ok(existsSync(out), said);
      const [result] = JSON.parse(readFileSync(out, 'utf8')).server_scan_results;
      assert.equal(result.scan_status, 'COMPLETED', JSON.stringify(result.connectivity_error_trace));
      found = Object.fromEntries(Object.entries(result.scan_result).map(([name, attempt]) => {
        assert.notEqual(attempt.status, 'ERROR', `${name}: ${attempt.error_trace}`);
        return [name, attempt.result];
      }));
    });
    after(() => household?.close());

    const accepted = (name) => found[name].accepted_cipher_suites.map((one) => one.cipher_suite.name).sort();

    test('no old version is spoken', () => {
      for (const version of NONE) assert.deepEqual(accepted(version), [], version);
    });

    test('TLS 1.2 is spoken with exactly one suite, TLS 1.3 with two', () => {
      assert.deepEqual(accepted('tls_1_2_cipher_suites'), TLS12[kind]);
      assert.deepEqual(accepted('tls_1_3_cipher_suites'), TLS13);
    });

    test('none of the known weaknesses is there', () => {
      assert.equal(found.heartbleed.is_vulnerable_to_heartbleed, false);
      assert.equal(found.openssl_ccs_injection.is_vulnerable_to_ccs_injection, false);
      assert.match(found.robot.robot_result, /^NOT_VULNERABLE/);
      assert.equal(found.tls_compression.supports_compression, false);
      assert.equal(found.session_renegotiation.is_vulnerable_to_client_renegotiation_dos, false);
      assert.equal(found.session_renegotiation.supports_secure_renegotiation, true);
      assert.equal(found.tls_fallback_scsv.supports_fallback_scsv, true);
      assert.equal(found.tls_1_3_early_data.supports_early_data, false);
      assert.equal(found.tls_extended_master_secret.supports_ems_extension, true);
    });

    test('keys are exchanged on current curves only', () => {
      const curves = found.elliptic_curves.supported_curves.map((curve) => curve.name).sort();
      assert.deepEqual(curves, ['X25519', 'secp256r1', 'secp384r1']);
    });

    test("Mozilla's intermediate configuration is met, but for the authority that a self-signed certificate lacks", () => {
      const [, verdict] = said.split('COMPLIANCE AGAINST TLS CONFIGURATION');
      const findings = [...verdict.matchAll(/^ +\* (\w+):/gm)].map((match) => match[1]);
      const selfSigned = ['certificate_path_validation', 'maximum_certificate_lifespan'];
      assert.deepEqual(findings.filter((finding) => !selfSigned.includes(finding)), [], verdict);
    });

    test('the certificate is signed with SHA-256 or better', () => {
      for (const deployment of found.certificate_info.certificate_deployments) {
        assert.equal(deployment.verified_chain_has_sha1_signature ?? false, false);
        for (const certificate of deployment.received_certificate_chain) {
          assert.match(certificate.signature_hash_algorithm.name, /^sha(256|384|512)$/);
        }
      }
    });
  });
}

/** A certificate with an RSA key of 2048 bits, as N2 demands that it works. */
async function rsa(folder) {
  const [certificate, key] = ['rsa.pem', 'rsa-key.pem'].map((name) => path.join(folder, name));
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-sha256', '-nodes', '-days', '30', '-keyout', key, '-out', certificate, ...subject]);
  return ['--certificate', certificate, '--certificate-key', key];
}
