internal import ArgumentParser
internal import SCAServerd

/// Whether clients may ask for compressed messages (RFC 7692).
struct CompressionOptions: ParsableArguments {
    /// The window unless said: 4 KiB, which holds what messages repeat.
    private static let usualWindowBits = 12

    @Flag(help: "Compress messages for clients that ask for it.")
    var compression = false

    @Option(.number, help: "Largest window of compression, as a power of two: 9 to 15. (default: 12, which is 4 KiB)")
    var compressionWindowBits: Int?

    /// - Throws: `ValidationError` for a window that nothing would use.
    func apply(to configuration: inout ServerConfiguration, _ environment: EnvironmentReader) throws {
        let windowBits = compressionWindowBits ?? environment.value("compression-window-bits", .number)
        guard compression || environment.flag("compression") == true else {
            guard compressionWindowBits == nil else {
                throw ValidationError("--compression-window-bits is of no use without --compression")
            }
            return
        }
        configuration.compressionWindowBits = windowBits ?? Self.usualWindowBits
    }
}
