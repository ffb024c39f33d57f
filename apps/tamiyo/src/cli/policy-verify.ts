import { createBytesSigner } from '@esper/command-verifier';
import { type OmsSignatureCheck, type VerifiedBundle, verifyOms } from '@esper/registry';
import { omsCertificateCheck, omsKeyCheck, readNameTables, sha256 } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { openKeys } from '../adapters/keys.js';
import { verifiedBundle } from '../adapters/policy-bundle.js';
import { compareTables } from '../adapters/policy-store.js';
import { bundleFolderOf, tablesFolderOf, tablesIn } from '../adapters/policy-store-open.js';
import { TamiyoError } from '../errors.js';
import { readInputFile } from './input-file.js';
import { loadConfig } from './load-config.js';
import { EXIT } from './output.js';
import type { CommandContext } from './program.js';
import { asError } from './registry-exit.js';

/** What a model signature may have; the reader of signatures takes no more. */
const OMS_BYTES_MAX = 16 << 20;
const PEM_BYTES_MAX = 1 << 20;

export interface VerifyOptions {
  readonly bundle?: string;
  readonly oms?: string;
  readonly omsKey?: string;
  readonly omsRoot?: string;
}

/** `tamiyo policy verify`: the bytes, the signature, the name tables of this data folder, and a model signature if given. */
export async function verifyPolicy(context: CommandContext, options: VerifyOptions): Promise<number> {
  const config = await loadConfig(context);
  const keyRing = await openKeys({ folder: config.values['seal.keyFolder'], environment: context.environment });
  const folder = options.bundle ?? bundleFolderOf(config);
  const bundle = await verifiedBundle(folder, createBytesSigner({ keyRing, clock: systemClock }));
  const tablesFolder = tablesFolderOf(config);
  const tables = compareTables(bundle, tablesIn(tablesFolder, await readNameTables(tablesFolder)));
  if (!tables.ok) throw asError(tables.error);
  const oms = options.oms === undefined ? undefined : await checkOms(bundle, options);
  const { digest, manifest } = bundle;
  const expired = manifest.expiresAtMs !== undefined && systemClock.wallMs() > manifest.expiresAtMs;
  const files = Object.keys(manifest.files).length;
  context.output.object({
    folder,
    digest,
    verified: true,
    files,
    tables: 7,
    expired,
    ...(oms ? { omsFiles: oms } : {}),
  });
  context.output.line(`${folder} is whole: ${files} files, signed by a trusted key, made with these name tables`);
  context.output.line(`digest ${digest}`);
  if (oms !== undefined) context.output.line(`the model signature covers exactly its ${oms} files`);
  if (expired) context.output.line('it has expired: decisions with it carry a risk signal');
  return EXIT.ok;
}

async function checkOms(bundle: VerifiedBundle, options: VerifyOptions): Promise<number> {
  const signature = await omsCheck(options);
  const files = new Map([...bundle.files].map(([name, bytes]) => [name, sha256(bytes)]));
  files.set('manifest.json', sha256(bundle.signed.manifest));
  files.set('manifest.sig', sha256(bundle.signed.signature));
  const verified = verifyOms(
    await readInputFile(options.oms ?? '', { what: 'the model signature (--oms)', bytesMax: OMS_BYTES_MAX }),
    { sha256, signature, files },
  );
  if (!verified.ok) throw asError(verified.error);
  return verified.value.resources.size;
}

async function omsCheck({ omsKey, omsRoot }: VerifyOptions): Promise<OmsSignatureCheck> {
  if ((omsKey === undefined) === (omsRoot === undefined))
    throw new TamiyoError('OPTION_INVALID', '--oms needs who may sign: either --oms-key or --oms-root');
  const [option, path] =
    omsKey === undefined ? (['--oms-root', omsRoot ?? ''] as const) : (['--oms-key', omsKey] as const);
  const pem = (await readInputFile(path, { what: `the PEM (${option})`, bytesMax: PEM_BYTES_MAX })).toString('utf8');
  try {
    return option === '--oms-key' ? omsKeyCheck(pem) : omsCertificateCheck([pem], () => systemClock.wallMs());
  } catch (cause) {
    throw new TamiyoError('OPTION_INVALID', `${option}: ${path} is no such PEM`, { cause });
  }
}
