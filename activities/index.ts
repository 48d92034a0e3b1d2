/** The activities of each task queue, put together from what they need. Workflows import their types only. */
import { admitImage, type AdmitImageDeps } from './admit-image.ts'
import { admitVideo, type AdmitVideoDeps } from './admit-video.ts'
import { announcePlayable, type PlayableDeps } from './announce-playable.ts'
import { assembleVideo } from './assemble-video.ts'
import { developImage, type DevelopImageDeps } from './develop-image.ts'
import { extractCaptions } from './captions.ts'
import { discard, type DiscardDeps } from './discard.ts'
import { encodeAudio, encodeOtherSound } from './encode-audio.ts'
import { encodeChunk } from './encode-chunk.ts'
import { encodeLead } from './encode-lead.ts'
import { awaitIngestEnd, beginErase, certifyErase, purgeEdges, verifyOrigins, type EraseDeps } from './erase.ts'
import { enhanceImage } from './enhance-image.ts'
import { guarded } from './failure.ts'
import { invalidate } from './invalidate.ts'
import { makeMp4 } from './make-mp4.ts'
import { makeMotion } from './make-motion.ts'
import { makePoster, type PosterDeps } from './make-poster.ts'
import { makeStoryboard } from './make-storyboard.ts'
import { publish } from './publish.ts'
import { collectGarbage } from './collect-garbage.ts'
import { mergeVolume, volumesToMerge } from './merge-volume.ts'
import { compactVolume } from './compact-volume.ts'
import { type ScrubDeps, scrubVolume, volumesToScrub } from './scrub-volume.ts'
import { volumesToCompact } from './volumes-to-compact.ts'
import { recaptionVideo } from './recaption-video.ts'
import { renderVariants, type VariantsDeps } from './render-variants.ts'
import { forgetVersions, retireVersions, type RetireDeps } from './retire-versions.ts'
import { announce, refuse, type SettleDeps } from './settle.ts'
import { tryTitle } from './try-title.ts'

export function controlActivities(deps: DiscardDeps & SettleDeps & EraseDeps & PlayableDeps & RetireDeps) {
  return guarded({
    publish: publish(deps),
    invalidate: invalidate(deps),
    announcePlayable: announcePlayable(deps),
    announce: announce(deps),
    refuse: refuse(deps),
    discard: discard(deps),
    beginErase: beginErase(deps),
    awaitIngestEnd: awaitIngestEnd(deps),
    verifyOrigins: verifyOrigins(deps),
    purgeEdges: purgeEdges(deps),
    certifyErase: certifyErase(deps),
    retireVersions: retireVersions(deps),
    forgetVersions: forgetVersions(deps),
  })
}

export function imageActivities(deps: AdmitImageDeps & DevelopImageDeps & VariantsDeps) {
  return guarded({
    admitImage: admitImage(deps),
    developImage: developImage(deps),
    enhanceImage: enhanceImage(deps),
    renderVariants: renderVariants(deps),
  })
}

export function videoActivities(deps: AdmitVideoDeps & PosterDeps) {
  return guarded({
    admitVideo: admitVideo(deps),
    tryTitle: tryTitle(deps),
    encodeLead: encodeLead(deps),
    encodeChunk: encodeChunk(deps),
    encodeAudio: encodeAudio(deps),
    encodeOtherSound: encodeOtherSound(deps),
    makeMotion: makeMotion(deps),
    makePoster: makePoster(deps),
    makeMp4: makeMp4(deps),
    extractCaptions: extractCaptions(deps),
    makeStoryboard: makeStoryboard(deps),
    assembleVideo: assembleVideo(deps),
    recaptionVideo: recaptionVideo(deps),
  })
}

export function volumeActivities(deps: ScrubDeps) {
  return guarded({
    volumesToCompact: volumesToCompact(deps),
    compactVolume: compactVolume(deps),
    volumesToScrub: volumesToScrub(deps),
    scrubVolume: scrubVolume(deps),
    volumesToMerge: volumesToMerge(deps),
    mergeVolume: mergeVolume(deps),
    collectGarbage: collectGarbage(deps),
  })
}

export type ControlActivities = ReturnType<typeof controlActivities>
export type ImageActivities = ReturnType<typeof imageActivities>
export type VideoActivities = ReturnType<typeof videoActivities>
export type VolumeActivities = ReturnType<typeof volumeActivities>
