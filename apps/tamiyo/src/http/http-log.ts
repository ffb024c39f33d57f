/** One line about one request. No path parameters, no headers, no body: ids of runs are in the records. */
export interface AnsweredLine {
  readonly requestId: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  readonly principal?: string;
  readonly code?: string;
}

/** Where the interface writes what happens to it. Must not throw. */
export interface HttpLog {
  answered(line: AnsweredLine): void;
  /** Something of ours broke while a request was served. */
  broke(requestId: string, error: unknown): void;
  /** The server itself: started, stopping, stopped. */
  noted(name: string, facts: Readonly<Record<string, string | number | boolean>>): void;
}
