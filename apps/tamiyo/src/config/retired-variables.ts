/** Variables of the prototype that this host does not have, and why. Setting one is an error that says so. */
export const RETIRED_VARIABLES: Readonly<Record<string, string>> = {
  TAMIYO_STRICT_COMMAND_IDS: 'it did nothing in the prototype; ids are always strict',
  TAMIYO_GRAPH_STRICT: 'it did nothing in the prototype; graphs are always strict',
  TAMIYO_DEVICE: 'there is no accelerator in this runtime',
  TAMIYO_ENABLE_COMPILE: 'the compiled graph is the only form that is served',
  TAMIYO_CPU_THREADS: 'inference runs on one thread; more make it later, not sooner',
  TAMIYO_VERIFY_UPDATES: 'policy updates are always verified',
};
