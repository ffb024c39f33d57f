import { createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import type { OmsSignatureCheck } from '../wire/oms-bundle.js';

/** Trusts one bare key, given as PEM. The bundle's hint is no proof and is not looked at; the signature is. */
export function omsKeyCheck(publicKeyPem: string): OmsSignatureCheck {
  const key = createPublicKey(publicKeyPem);
  return (signer, message, signature) => signer.kind === 'key' && holds(key, message, signature);
}

/**
 * Trusts certificates that lead to one of `trustedPem` at `atMs`: every link signed by the next, every certificate in its
 * time, the last one trusted itself or signed by a trusted one.
 */
export function omsCertificateCheck(trustedPem: readonly string[], atMs: () => number): OmsSignatureCheck {
  const trusted = trustedPem.map((pem) => new X509Certificate(pem));
  return (signer, message, signature) => {
    if (signer.kind !== 'certificate') return false;
    const chain = certificatesOf(signer.chain);
    const [leaf] = chain;
    return leaf !== undefined && isTrusted(chain, trusted, atMs()) && holds(leaf.publicKey, message, signature);
  };
}

function certificatesOf(chain: readonly Uint8Array[]): readonly X509Certificate[] {
  try {
    return chain.map((der) => new X509Certificate(der));
  } catch {
    // Bytes that are no certificate vouch for nothing.
    return [];
  }
}

function isTrusted(chain: readonly X509Certificate[], trusted: readonly X509Certificate[], atMs: number): boolean {
  const isInTime = chain.every(
    ({ validFrom, validTo }) => Date.parse(validFrom) <= atMs && atMs <= Date.parse(validTo),
  );
  const isLinked = chain.every((one, at) => {
    const next = chain[at + 1];
    return next === undefined || (next.ca && one.checkIssued(next) && one.verify(next.publicKey));
  });
  const last = chain.at(-1);
  const isAnchored = trusted.some(
    (root) =>
      last?.fingerprint256 === root.fingerprint256 ||
      (last !== undefined && root.ca && last.checkIssued(root) && last.verify(root.publicKey)),
  );
  return isInTime && isLinked && isAnchored;
}

/** The algorithm belongs to the key: ECDSA by the size of its curve, Ed25519 by itself; others are refused. */
function holds(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.asymmetricKeyType === 'ed25519') return verify(null, message, key, signature);
  if (key.asymmetricKeyType !== 'ec') return false;
  const hash = { prime256v1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' }[
    key.asymmetricKeyDetails?.namedCurve ?? ''
  ];
  return hash !== undefined && verify(hash, message, key, signature);
}
