/**
 * How full a later chunk finds its rate buffer (x264 begins with 0.9). A whole encode that is at its cap has spent half of it, one
 * that is not has all of it, and needs it for its keyframes: with half of it a chunk's first one got a third of its bytes.
 */
export const VBV_INIT = 0.75
