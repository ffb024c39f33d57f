const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Every bound of the wire. At the bound a message is refused as a whole, named; nothing is cut or dropped. Text is
 * counted in UTF-16 units unless the name ends in `Bytes`.
 */
export const LIMITS = {
  /** Longest encoded message of each kind, in bytes, msgpack and JSON alike. */
  messageBytesMax: {
    SystemStatePacket: MIB,
    SeedState: 64 * KIB,
    HardwareContext: 4 * KIB,
    CommandDraft: 256 * KIB,
    AdaptationCommand: 256 * KIB,
    FieldReport: 64 * KIB,
    TelemetryPacket: MIB,
    PolicyUpdate: 45 * MIB,
    EmergencySignal: 64 * KIB,
    BlueprintDescriptor: 2 * MIB,
    BusEnvelope: 64 * MIB,
  },
  /** Nesting of lists and maps. */
  depthMax: 12,
  /** Values and keys in one message, all levels together. */
  elementsMax: 131_072,
  mapEntriesMax: 4096,
  arrayItemsMax: 8192,
  textBytesMax: 65_536,
  /** Ids, names and keys. Control characters are refused in them. */
  nameCharsMax: 256,
  /** Reasons, summaries, descriptions. */
  sentenceCharsMax: 4096,
  /** One annotation or attribute. */
  annotationCharsMax: 16_384,
  /** A signal that is no number. */
  signalCharsMax: 64,
  metricsMax: 1024,
  annotationsMax: 512,
  seedStatesMax: 256,
  eventsMax: 1024,
  spansMax: 256,
  attributesMax: 64,
  reasonsMax: 256,
  keyIdsMax: 16,
  followUpActionsMax: 64,
  riskClassesMax: 64,
  coverageTypesMax: 256,
  allowedParametersMax: 256,
  tagsMax: 64,
  graphLayersMax: 1024,
  graphActivationsMax: 1024,
  graphParametersMax: 1024,
  layerAdjacencyMax: 8192,
  monitorsMax: 1024,
  allowListSeedsMax: 256,
  allowListNamesMax: 256,
  /** The executing side takes at most this many layer names. */
  meshHostLayersMax: 128,
  policyPayloadBytesMax: 32 * MIB,
  envelopePayloadBytesMax: 45 * MIB,
  executionDeadlineMsMax: 86_400_000,
} as const;
