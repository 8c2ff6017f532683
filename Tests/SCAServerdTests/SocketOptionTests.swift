import Glibc
import NIOCore
import Testing

@testable import SCAServerd

/// Over loopback: what the kernel was told of the sockets that are accepted.
@Suite(.serialized) struct SocketOptionTests {
    /// The server's end of a client's connection: it is in this process, and its peer is the client.
    private func accepted(_ client: RawClient) throws -> CInt {
        let wanted = try #require(Self.port(of: client.descriptor, getsockname))
        return try #require((0..<CInt(4_096)).first { Self.port(of: $0, getpeername) == wanted })
    }

    private static func port(
        of descriptor: CInt,
        _ name: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) -> in_port_t? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &length) }
        }
        return status == 0 && address.sin_family == sa_family_t(AF_INET) ? address.sin_port : nil
    }

    private func option(_ level: CInt, _ name: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, level, name, &value, &length) == 0 ? value : nil
    }

    /// It would take megabytes, and say that it has room when a third of them is gone: who reads slowly was closed by then. And
    /// what was not read comes all at once when a client shuts its output.
    @Test func theKernelHoldsLittleThatIsNotSentOrNotRead() async throws {
        try await withServer { _, port in
            let client = try RawClient(port: port)
            try client.open("/ws/9876543210")
            let socket = try accepted(client)
            #expect(option(SOL_SOCKET, SO_RCVBUF, of: socket) == CInt(2 * ListenerPipeline.unreadBytes))
            #expect(option(CInt(IPPROTO_TCP), TCP_NOTSENT_LOWAT, of: socket) == CInt(ListenerPipeline.unsentBytes))
        }
    }
}
