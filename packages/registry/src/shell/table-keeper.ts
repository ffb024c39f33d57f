import { TABLE_NAMES, type TableName } from '../core/bundle/manifest.js';
import type { NameTables } from '../core/tables/check-tables.js';
import { admitName, indexOf, register } from '../core/tables/name-table.js';
import { RegistryError, type RegistryRefusal } from '../errors.js';

/** A name that should get an index. */
export interface OfferedName {
  readonly table: TableName;
  readonly name: string;
}

/** What became of the names offered since the start. */
export interface KeeperStats {
  readonly pending: number;
  /** Names that have got an index and are durable. */
  readonly registered: number;
  /** Names that got none: transient, too long, or the table full. */
  readonly refused: number;
  /** Names that were not even looked at because too many were pending, or because saving has failed for good. */
  readonly dropped: number;
}

type Totals = Omit<KeeperStats, 'pending'>;

export interface KeeperPorts {
  /** Makes one table durable. Resolved means durable. */
  readonly save: (table: TableName, tables: NameTables) => Promise<void>;
  /** Calls back after a while, and returns how to call it off. */
  readonly after: (delayMs: number, fire: () => void) => () => void;
  /** Told once per refused name. */
  readonly onRefused?: (offered: OfferedName, refusal: RegistryRefusal) => void;
  /** Told once, when saving fails. */
  readonly onFailed?: (failure: RegistryError) => void;
}

export interface KeeperLimits {
  /** How long offered names are collected before one save, in milliseconds. */
  readonly saveDelayMs: number;
  /** Names that wait for a save. Beyond: dropped and counted. */
  readonly pendingMax: number;
}

/**
 * Holds the tables. `offer` never waits; a name gets its index when its table has been saved, not before, so that no index
 * that anyone has used can be given to another name after a crash.
 */
export class TableKeeper {
  readonly #ports: KeeperPorts;
  readonly #limits: KeeperLimits;
  #tables: NameTables;
  #pending = new Map<string, OfferedName>();
  readonly #refused = new Set<string>();
  #callOff: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();
  #failure: RegistryError | undefined;
  #totals: Totals = { registered: 0, refused: 0, dropped: 0 };

  constructor(tables: NameTables, limits: KeeperLimits, ports: KeeperPorts) {
    this.#tables = tables;
    this.#limits = limits;
    this.#ports = ports;
  }

  /** The tables as they are on disk. */
  tables(): NameTables {
    return this.#tables;
  }

  stats(): KeeperStats {
    return { ...this.#totals, pending: this.#pending.size };
  }

  /** Asks for indices. Never waits, never throws; known names and repeats cost nothing. */
  offer(names: Iterable<OfferedName>): void {
    for (const offered of names) {
      const key = `${offered.table}/${offered.name}`;
      if (indexOf(this.#tables[offered.table], offered.name) !== undefined || this.#refused.has(key)) continue;
      if (this.#failure !== undefined || (this.#pending.size >= this.#limits.pendingMax && !this.#pending.has(key))) {
        this.#count('dropped', 1);
      } else this.#pending.set(key, offered);
    }
    if (this.#pending.size > 0) this.#callOff ??= this.#ports.after(this.#limits.saveDelayMs, () => void this.flush());
  }

  /** Registers and saves what is pending. Never rejects: a failure is told to `onFailed`, and names offered are dropped. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flushNow());
    return this.#flushing;
  }

  async #flushNow(): Promise<void> {
    this.#callOff?.();
    this.#callOff = undefined;
    const offered = [...this.#pending.values()];
    this.#pending = new Map();
    for (const table of TABLE_NAMES) {
      await this.#saveTable(
        table,
        offered.filter((one) => one.table === table),
      );
    }
  }

  async #saveTable(table: TableName, offered: readonly OfferedName[]): Promise<void> {
    let next = this.#tables[table];
    for (const one of offered) {
      const admitted = admitName(one.name);
      const registered = admitted.ok ? register(next, one.name) : admitted;
      if (registered.ok) next = registered.value.table;
      else this.#refuse(one, registered.error);
    }
    const added = next.indexByName.size - this.#tables[table].indexByName.size;
    if (added === 0) return;
    if (this.#failure !== undefined) {
      this.#count('dropped', added);
      return;
    }
    const tables = { ...this.#tables, [table]: next };
    try {
      await this.#ports.save(table, tables);
      this.#tables = tables;
      this.#count('registered', added);
    } catch (cause) {
      this.#count('dropped', added);
      this.#fail(new RegistryError('TABLE_SAVE_FAILED', `the ${table} table could not be saved`, { cause }));
    }
  }

  /** After a failed sync the disk may hold either state: nothing is written again until a restart has read it. */
  #fail(failure: RegistryError): void {
    this.#failure = failure;
    this.#ports.onFailed?.(failure);
  }

  #refuse(offered: OfferedName, refusal: RegistryRefusal): void {
    this.#count('refused', 1);
    // Remembered so that each is told once; beyond the bound it is told again rather than remembered for ever.
    if (this.#refused.size < this.#limits.pendingMax) this.#refused.add(`${offered.table}/${offered.name}`);
    this.#ports.onRefused?.(offered, refusal);
  }

  #count(what: keyof Totals, by: number): void {
    this.#totals = { ...this.#totals, [what]: this.#totals[what] + by };
  }
}
