internal import Glibc
internal import NIOPosix
internal import SCAClient

/// What `scripts/conformance` drives: `sca-echo server` writes its port and echoes until stdin ends;
/// `sca-echo client ws://HOST:PORT` runs all cases of the fuzzing server there.
@main
enum SCAEcho {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        switch (arguments.first, arguments.count) {
        case ("server", 1):
            let channel = try EchoServer.bind(on: group)
            let line = Array("\(channel.localAddress?.port ?? 0)\n".utf8)
            guard write(STDOUT_FILENO, line, line.count) == line.count else { throw Trouble("cannot write the port") }
            var byte: UInt8 = 0
            while read(STDIN_FILENO, &byte, 1) > 0 {}
        case ("client", 2):
            let endpoint = try Endpoint(parsing: arguments.last ?? "")
            try EchoClient(endpoint: endpoint, loop: group.next()).runCases()
        default:
            throw Trouble("usage: sca-echo server | sca-echo client ws://HOST:PORT")
        }
    }
}
