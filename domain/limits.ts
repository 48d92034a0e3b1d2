/** Every limit of the house, with its unit in its name. Passed down explicitly; nothing has a hidden one. */
export const limits = {
  /** Upload body. */
  uploadBytesMax: 2 * 1024 ** 3,
  uploadImageBytesMax: 64 * 1024 ** 2,
  /** A client that sends nothing for this long is cut off. */
  uploadIdleMsMax: 60_000,
  /** On average, once a client has been waited for that long in all: a trickle cannot hold a connection for ever. */
  uploadBytesPerSecondMin: 256,
  /** Bodies that one process takes at once: each holds a few parts in memory. */
  uploadsAtOnceMax: 64,
  /** Room that was reserved for an upload is given back after this, should nobody do it. */
  reservationMsMax: 6 * 60 * 60_000,
  /** Bytes of the body looked at to tell its type. */
  sniffBytes: 4_096,

  imagePixelsMax: 60_000_000,
  imageSideMax: 16_384,
  /** Predicted from the header, before any decode. */
  imageDecodeBytesMax: 512 * 1024 ** 2,
  /** All that a worker decodes at once takes this times its slots, as headers predict it; what takes more by itself works alone. */
  imageDecodeBytesPerSlot: 192 * 1024 ** 2,
  /** An AVIF that is predicted to take more is decoded by ffmpeg, where it can be. */
  imageDecodeApartBytesMin: 96 * 1024 ** 2,
  /** Address space of that ffmpeg: the largest pictures admitted take some 500 MiB, most of it the program's own. */
  imageDecodeApartAddressBytesMax: 768 * 1024 ** 2,
  imageDecodeMsMax: 30_000,
  /** With the encoders' higher effort: some 15 s for a photo with AVIF on an idle core. */
  imageEnhanceMsMax: 300_000,
  /** Wall time of the encoder of what moves of a picture. */
  clipEncodeMsMax: 5 * 60_000,
  /** Of the clip beside a photo: a longer one is left out. */
  clipDurationMsMax: 30_000,
  animationFramesMax: 3_000,
  animationDurationMsMax: 120_000,
  /** Frames times canvas: what is decoded, however small the parts that change. */
  animationPixelsMax: 400_000_000,
  imageChildRssBytesMax: 1024 ** 3,
  /** From starting a decoding child to its readiness. */
  imageChildStartMsMax: 30_000,
  /** A child is replaced after this many items, or when it keeps more than this between two. */
  imageChildItemsMax: 500,
  imageChildIdleRssBytesMax: 384 * 1024 ** 2,

  /** A photo that an origin was asked for so often within the window is encoded again at higher effort; so many a window at most. */
  enhanceReadsMin: 2_000,
  enhanceWindowMs: 60_000,
  enhanceItemsMax: 20,
  /** Items whose reads an origin counts at once: some 100 bytes each. */
  enhanceCountedMax: 20_000,
  /** The files of a version that was replaced go on answering for so long: pages hold their addresses. */
  replacedVersionKeptMs: 30 * 24 * 60 * 60_000,
  /** Replaced versions that one run of a workflow takes away; the next run takes the rest. */
  replacedVersionsPerRunMax: 200,
  /** What an origin holds in memory is read anew after this: nobody tells it of versions that are taken away. */
  hotFileAgeMsMax: 10 * 60_000,
  /** Variants of one version of an item, made on demand. */
  variantsPerItemMax: 120,
  variantSideMax: 4_096,
  /** How long a reader is let wait for a variant, and how many an origin has made at once. */
  variantWaitMsMax: 15_000,
  variantsUnderWayMax: 32,
  /** An edge keeps a variant's address so long at most; a purge takes it away earlier. */
  variantEdgeSecondsMax: 86_400,

  videoDurationMsMax: 60 * 60_000,
  videoPixelsMax: 7680 * 4320,
  videoStreamsMax: 16,
  /** Over the whole file; what is shorter than a second counts as a second. */
  videoBitsPerSecondMax: 800_000_000,
  videoProbeMsMax: 15_000,
  /** Copying streams from one container to another: as long as reading and writing the file takes. */
  videoRemuxMsMax: 8 * 60_000,
  /** Wall time an encoder gets per second of chunk, and the least it gets. */
  videoChunkMsPerSecondMax: 60_000,
  videoChunkMsMin: 120_000,
  /** Before a chunk in which a decoder comes upon damage so much is decoded too, since what it conceals depends on what was before. */
  videoDamagedPrerollSecondsMax: 60,
  videoFpsMax: 60,
  /** Wall time per second of sound; `videoChunkMsMin` is the least here too. */
  videoAudioMsPerSecondMax: 2_000,
  /** Sounds of a film: what is more than its first one and others in as many languages is left out. */
  soundTracksMax: 6,
  /** Address space of one ffmpeg; an 8K decode and five encoders stay below half of it. */
  videoChildAddressBytesMax: 8 * 1024 ** 3,

  /** Captions of one language, and how many languages an item has. */
  captionBytesMax: 2 * 1024 ** 2,
  captionCuesMax: 20_000,
  captionCueCharactersMax: 2_000,
  captionTracksMax: 16,
  /** Captions that are stored of an item, the changed ones of a finished film counted again: each takes places of its own among its needles. */
  captionsStoredMax: 160,
  /** The signed address of an encrypted video can be used for this long. */
  contentGrantMs: 6 * 60 * 60_000,

  needleBytesMax: 128 * 1024 ** 2,
  batchBytesMax: 256 * 1024 ** 2,
  /** A u32 offset in units of 8 bytes reaches 32 GiB; a volume is sealed well before. */
  volumeBytesMax: 8 * 1024 ** 3,
  /** Appends that wait for the disk are gathered into one commit of at most this; a larger batch is a commit of its own. */
  commitBytesMax: 8 * 1024 ** 2,
  /** Memory in which commits to a file are put together, used from end to end before any of it is used again. */
  commitMemoryBytes: 64 * 1024 ** 2,
  /** Threads of a process that read volume files, started while reads wait for each other: from the page cache few are enough. */
  readThreadsMax: 4,
  /** As above, past the page cache and of each disk, where one thread that has all reads with the disk cannot be had, or waits for the system. */
  directReadThreadsMax: 16,
  /** Zeros written ahead of a volume's end for small commits: a file that need not grow commits several times as fast. */
  extentBytes: 64 * 1024 ** 2,
  /** Between two looks for what other processes appended to a volume, however many readers ask. */
  volumeRefreshMsMin: 250,
  /** A reader serves no needle whose tombstone another process wrote longer ago than this. */
  tombstoneAgeMsMax: 2_000,
  /** For so long nobody takes a volume from its writer, who asks for more when a third of it is over. */
  volumeLeaseMs: 30_000,
  /** A volume is rewritten when so much of it was erased, or when something erased has lain there for so long. */
  erasedShareMax: 0.2,
  erasedNeedleMsMax: 7 * 24 * 60 * 60_000,
  /** Items erased from a volume that is written before it is sealed for that. */
  erasedToSealMin: 4,
  /** Read and written together, by each walk over a volume; beside it reads keep their tail. */
  careBytesPerSecondMax: 20 * 1024 ** 2,
  /** Every byte of every volume is read at least this often. */
  scrubEveryMs: 7 * 24 * 60 * 60_000,
  /** Volumes that one run of a workflow looks after; the next run takes the rest. */
  volumesPerRunMax: 100,
  /** How often a process that reads looks whether volumes that it has open were written anew. */
  volumeCheckMs: 5_000,
  /** Compaction leaves so much of a disk to those who append. */
  compactionSparesBytes: 256 * 1024 ** 2,
  /** A disk with less left gets no new volume while another has more; one that refused a write gets none for so long. */
  folderFreeBytesMin: 1024 ** 3,
  folderRestMs: 60_000,
  /** Objects that no longer count are kept for so long. */
  volumeGraceMs: 24 * 60 * 60_000,
  /** Volumes that a reader was asked for in vain and remembers. */
  absentVolumesMax: 4_096,
  /** Memory for the indexes of volumes that are read: about 11 bytes a needle. Beyond it the ones least used are closed. */
  indexBytesMax: 512 * 1024 ** 2,

  /** Items that one answer lists. */
  listItemsMax: 200,

  sseClientsMax: 1_000,
  /** Pushes of the catalog are a hint: a followed item is looked at this often in any case. */
  ssePollMs: 2_000,
  sseHeartbeatMs: 15_000,
  /** A follower that takes nothing for this long is cut off. */
  sseStuckMsMax: 60_000,
  /** An API key that was taken away is still taken for this long. */
  keyCacheMsMax: 10_000,
  /** After an early refusal the rest of the body is read and dropped for this long, so that the client sees the answer. */
  lingerMsMax: 5_000,
  /** A closing server lets running requests go on for this long. */
  closeMsMax: 10_000,
  requestHeaderMsMax: 15_000,
  originConcurrencyMax: 4_096,
  /** What an origin looked up for an alias answers for this long. */
  aliasAgeMsMax: 500,
  aliasItemsMax: 1_000,
  /** An item that is not settled has its workflow looked at this often: it may have been ended by hand. */
  ingestNotSeenMsMax: 60_000,
  /** Originals without a row are looked for this often, and deleted when they were seen so for `orphanGraceMs`. */
  orphanSweepMs: 60 * 60_000,
  orphanGraceMs: 60 * 60_000,
  /** Older ones were looked at before. */
  orphanWindowMs: 30 * 24 * 60 * 60_000,
  outboxBatchMax: 200,
  /** Bytes of events in one request to Kafka, half of what a broker takes at most unless it is told otherwise; one larger event goes alone. */
  eventBatchBytesMax: 512 * 1024,
  /** An event that Kafka does not take at first is tried again after at most this long. */
  relayBackoffMsMax: 30_000,
  /** A consumer that ends waits this long for its broker to take its leave. */
  consumerLeaveMsMax: 3_000,

  catalogConnectMsMax: 5_000,
  catalogStatementMsMax: 10_000,
  /** An idle connection that listens is asked this often whether it is still one. */
  catalogHeartbeatMs: 20_000,
  /** A migration, and the wait for another process's. */
  catalogMigrateMsMax: 10 * 60_000,
} as const

export type Limits = { readonly [K in keyof typeof limits]: number }
