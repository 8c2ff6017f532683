internal import Glibc
internal import NIOCore

// Where it listens, in words.

extension ChatServer {
    /// Where it listens: a socket that was handed over has an address of its own.
    var host: String {
        let given = configuration.listener == nil ? nil : running?.listener.localAddress?.ipAddress
        return given ?? configuration.host
    }

    /// Host and port as they stand in a URL: an IPv6 address in brackets.
    static func authority(_ host: String, _ port: Int) -> String {
        "\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }

    /// Why nobody can be served at an address, and what to do about it.
    static func cannotListen(_ host: String, _ port: Int, option: String, _ error: any Error) -> ServerError {
        let address = authority(host, port)
        let hostOption = option == "--port" ? "--host" : option
        let (message, hint): (String, String?) =
            switch (error as? IOError)?.errnoCode {
            case _ where error is SocketAddressError.UnknownHost:
                ("no address is known for the host \"\(host)\"", "choose one of this machine's with \(hostOption)")
            case EADDRINUSE:
                ("\(address) is in use", "stop the other program, or choose another port with \(option)")
            case EACCES: ("not allowed to listen on \(address)", "choose a port above 1023 with \(option)")
            case EADDRNOTAVAIL:
                ("this machine has no address \(host)", "choose one with \(hostOption); ip address lists them")
            default: ("cannot listen on \(address): \(error)", nil)
            }
        return ServerError(code: .cannotListen, message: message, hint: hint)
    }
}
