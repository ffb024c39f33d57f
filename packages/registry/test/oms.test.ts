import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type OmsSigner, verifyOms } from '../src/index.js';
import { omsCertificateCheck, omsKeyCheck, sha256 } from '../src/node.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const digestOf = (text: string): string => sha256(new TextEncoder().encode(text));
const FILES = new Map([
  ['policy.onnx', digestOf('model')],
  ['manifest.json', digestOf('manifest')],
]);

function statement(files: ReadonlyMap<string, string> = FILES) {
  const whole = sha256(Buffer.from([...files.values()].join(''), 'hex'));
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'model', digest: { sha256: whole } }],
    predicateType: 'https://model_signing/signature/v1.0',
    predicate: {
      serialization: { method: 'files', hash_type: 'sha256' },
      resources: [...files].map(([name, digest]) => ({ name, digest, algorithm: 'sha256' })),
    },
  };
}

function bundle(given: object = statement()) {
  const payload = Buffer.from(JSON.stringify(given));
  const type = 'application/vnd.in-toto+json';
  const message = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: 'k' }, tlogEntries: [] as unknown[] },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: type,
      signatures: [{ sig: sign('sha256', message, privateKey).toString('base64') }],
    },
  };
}
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const check = (value: unknown, files: ReadonlyMap<string, string> = FILES) =>
  verifyOms(bytes(value), { sha256, signature: omsKeyCheck(pem), files });
const code = (result: ReturnType<typeof check>): string => (result.ok ? 'ok' : result.error.code);

describe('OpenSSF model signing', () => {
  it('a bundle signed by the trusted key covers exactly its files', () => {
    expect(check(bundle())).toEqual({ ok: true, value: { resources: FILES } });
    expect(code(check(bundle(), new Map([...FILES, ['extra', digestOf('x')]])))).toBe('OMS_FILES_DIFFER');
    expect(code(check(bundle(), new Map([...FILES].slice(1))))).toBe('OMS_FILES_DIFFER');
    expect(code(check(bundle(), new Map([...FILES, ['policy.onnx', digestOf('other')]])))).toBe('OMS_FILES_DIFFER');
  });

  it('another key, another payload, another type or a changed signature are refused', () => {
    const good = bundle();
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(code(verifyOms(bytes(good), { sha256, signature: omsKeyCheck(other), files: FILES }))).toBe(
      'OMS_SIGNATURE_INVALID',
    );
    const swapped = { ...good, dsseEnvelope: { ...good.dsseEnvelope, payload: bundle({}).dsseEnvelope.payload } };
    expect(code(check(swapped))).toBe('OMS_SIGNATURE_INVALID');
    const certificate = { ...good, verificationMaterial: { certificate: { rawBytes: 'AAAA' }, tlogEntries: [] } };
    expect(code(check(certificate))).toBe('OMS_SIGNATURE_INVALID');
    const trusting = omsCertificateCheck([], () => 0);
    expect(code(verifyOms(bytes(certificate), { sha256, signature: trusting, files: FILES }))).toBe(
      'OMS_SIGNATURE_INVALID',
    );
  });

  it('a statement that is signed and still not one of a model is refused', () => {
    const wrong = [
      { ...statement(), predicateType: 'https://example.com/wrong/v1.0' },
      { ...statement(), subject: [{ name: 'model', digest: { sha256: digestOf('other') } }] },
      { ...statement(), predicate: { ...statement().predicate, resources: [] } },
    ];
    expect(wrong.map((one) => code(check(bundle(one))))).toEqual(['OMS_INVALID', 'OMS_INVALID', 'OMS_INVALID']);
  });

  it.each(['mediaType', 'verificationMaterial', 'dsseEnvelope'])('a bundle without %s is refused', (field) => {
    expect(code(check({ ...bundle(), [field]: undefined }))).toBe('OMS_INVALID');
  });
});

const folder = process.env['TAMIYO_VECTORS'];
describe.skipIf(folder === undefined)('oms vectors (TAMIYO_VECTORS)', () => {
  const root = `${folder}/oms/test-vectors/v1.0`;
  const results = (group: string) =>
    readdirSync(`${root}/${group}`).map((name) => {
      const seen: OmsSigner['kind'][] = [];
      const signature = (signer: OmsSigner): boolean => {
        seen.push(signer.kind);
        return true;
      };
      const result = verifyOms(readFileSync(`${root}/${group}/${name}`), { sha256, signature, files: new Map() });
      return { name, code: result.ok ? 'ok' : result.error.code, seen };
    });

  it('valid bundles pass form, statement and digest, and come to the comparison of files; invalid ones never do', () => {
    expect(results('valid').map(({ name, code: found }) => `${name} ${found}`)).toEqual([
      'certificate.bundle.json OMS_FILES_DIFFER',
      'key.bundle.json OMS_FILES_DIFFER',
      'sigstore.bundle.json OMS_FILES_DIFFER',
    ]);
    expect(results('invalid').map(({ code: found, seen }) => `${found} ${seen.length}`)).toEqual(
      Array(4).fill('OMS_INVALID 0'),
    );
    expect(results('invalid-payload').map(({ code: found }) => found)).toEqual(['OMS_INVALID']);
  });

  it('the signature of the certificate bundle holds under its chain, in its time, and not otherwise', () => {
    const file = readFileSync(`${root}/valid/certificate.bundle.json`);
    const { verificationMaterial } = JSON.parse(file.toString()) as {
      verificationMaterial: { x509CertificateChain: { certificates: { rawBytes: string }[] } };
    };
    const last = verificationMaterial.x509CertificateChain.certificates.at(-1);
    const anchor = new X509Certificate(Buffer.from(last?.rawBytes ?? '', 'base64'));
    const inTimeMs = Date.parse(anchor.validFrom) + 1000;
    const verdict = (trusted: string[], atMs: number) =>
      code(verifyOms(file, { sha256, signature: omsCertificateCheck(trusted, () => atMs), files: new Map() }));
    expect(verdict([anchor.toString()], inTimeMs)).toBe('OMS_FILES_DIFFER');
    expect(verdict([anchor.toString()], 0)).toBe('OMS_SIGNATURE_INVALID');
    expect(verdict([], inTimeMs)).toBe('OMS_SIGNATURE_INVALID');
  });
});
