/** Every limit of the engines we start, with its unit in its name; startX takes them from here and nowhere else. */
export const engineLimits = {
  /** Below this much free space nothing is started: half-written first starts help nobody. */
  homeFreeBytesMin: 96 * 1024 ** 2,
  /** A log longer than this is set aside (one generation) when its engine starts. */
  logBytesMax: 16 * 1024 ** 2,
  /** Of a log, looked at to say why an engine ended. */
  logTailBytes: 16 * 1024,
  /** Of what a tool that runs to its end prints. */
  toolOutputBytesMax: 4 * 1024 ** 2,

  probeMsMax: 2_000,
  probePauseMs: 25,
  readyMsMax: 60_000,
  /** The first start of a database compiles, formats or migrates. */
  toolMsMax: 120_000,
  stopMsMax: 10_000,
  /** After SIGKILL, until the kernel has taken the process away. */
  killMsMax: 5_000,
  /** After an engine ended, until what it had started is gone too. */
  groupMsMax: 1_000,

  postgresConnectionsMax: 100,
  postgresSharedBuffersMb: 64,
  temporalMemoryMb: 768,
  temporalConnectionsMax: 20,
  temporalHistoryShards: 4,
  temporalRetentionHours: 168,
  kafkaHeapMb: 384,
  minioMemoryMb: 512,
  versitygwMemoryMb: 256,
  varnishMemoryMb: 64,
} as const
