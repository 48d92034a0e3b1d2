/** Text that must not come out of the pipeline again, in every place where metadata lies. */
export const canaries = ['CANARY-MAKE-7f3a', 'CANARY-XMP-91bc', 'CANARY-COMMENT-55de'] as const

/** A JPEG segment: marker, length, payload. */
function segment(marker: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(0xff00 + marker, 0)
  head.writeUInt16BE(payload.length + 2, 2)
  return Buffer.concat([head, payload])
}

/** The JPEG with canaries in further segments behind SOI: XMP, a comment, IPTC. */
export function plant(jpeg: Uint8Array): Buffer {
  const xmp = Buffer.from(`http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>${canaries[1]}</a></x:xmpmeta>`)
  const iptcText = Buffer.from(canaries[0])
  const iptcRecord = Buffer.concat([Buffer.from([0x1c, 2, 120, 0, iptcText.length]), iptcText])
  const iptcHead = Buffer.from('Photoshop 3.0\x008BIM\x04\x04\0\0\0\0', 'latin1')
  const iptcSize = Buffer.alloc(2)
  iptcSize.writeUInt16BE(iptcRecord.length)
  return Buffer.concat([
    jpeg.subarray(0, 2),
    segment(0xe1, xmp),
    segment(0xed, Buffer.concat([iptcHead, iptcSize, iptcRecord])),
    segment(0xfe, Buffer.from(canaries[2])),
    jpeg.subarray(2),
  ])
}
