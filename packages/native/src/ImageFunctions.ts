/** An image as the addon takes it: rows one after the other, channels innermost, 0..255. */
interface Pixels {
  readonly height: number
  readonly width: number
  readonly pixels_HWC: Uint8Array
}

/** What the encoder sees. */
interface Form {
  readonly height: number
  readonly width: number
  /** 1 or 3. */
  readonly channels: number
}

/** Threads that decode, as the addon holds them. */
export type Decoding = object & { readonly Decoding: never }

/** What the project's addon does with images (binding/views.cc, binding/decoding.cc). Arguments are looked at. */
export interface ImageFunctions {
  /**
   * Makes a view of every image, normalised, on all threads.
   *
   * @param plans  19 numbers for each image: top, left, height and width of the box; 1 where it is mirrored; brightness,
   *   contrast, saturation, hue; four steps of the jitter (0..3 in this order, 4 for none); gray (1 before, 2 after the
   *   jitter); the value from which on is inverted, or -1; where in `kernels` the blur along rows begins and how many
   *   weights it has, and the same along columns
   * @returns float32, view after view
   * @throws RangeError where a plan does not fit its image
   */
  readonly makeViews: (
    images: ReadonlyArray<Pixels>,
    plans: Float64Array,
    kernels: Float64Array,
    form: Form,
    mean: Float32Array,
    std: Float32Array
  ) => ArrayBuffer
  /**
   * Starts threads that decode JPEG files.
   *
   * @param done  is told of each file: its pixels, RGB; or nothing, where it is no JPEG of a usual kind or cannot be read
   * @returns nothing where the system has no thread to give
   */
  readonly startDecoding: (
    threads: number,
    done: (ticket: number, height?: number, width?: number, pixels?: ArrayBuffer) => void
  ) => Decoding | undefined
  readonly decode: (
    decoding: Decoding,
    ticket: number,
    path: string,
    /** Bytes of the file, from the first to the one behind the last; -1 where the whole file is the image. */
    start: number,
    end: number,
    maxBytes: number,
    maxPixels: number,
    shorterSide: number
  ) => void
  /** Whether the file was not begun with; `done` is not told of it then. */
  readonly forgetDecoding: (decoding: Decoding, ticket: number) => boolean
  /** Whether the process stays for what is being decoded; at first it does not. */
  readonly awaitDecoding: (decoding: Decoding, isAwaited: boolean) => void
  /** Ends the threads, each behind the file that it is at. */
  readonly endDecoding: (decoding: Decoding) => void
}
