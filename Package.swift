// swift-tools-version: 6.2
import PackageDescription

/// Every target: Swift 6 mode, warnings are errors, imports carry access levels.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let fuzzed: [Target.Dependency] = [
    "SCACore", "SCAServerd", "scactl", nioCore, nioEmbedded, logging,
    .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
]

let simulated: [Target.Dependency] = ["SCACore", "SCAClient", "SCAServerd", "SCATesting", nioCore]

let package = Package(
    name: "sca",
    products: [
        .library(name: "SCACore", targets: ["SCACore"]),
        .library(name: "SCAClient", targets: ["SCAClient"]),
        .library(name: "SCAServerd", targets: ["SCAServerd"]),
        .executable(name: "scad", targets: ["scad"]),
        .executable(name: "scactl", targets: ["scactl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        // Only tests use it, to make certificates; jwt-kit brings it anyway.
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "SCACore", dependencies: ["CZlib"], swiftSettings: strict),
        .target(name: "SCACommandLine", swiftSettings: strict),
        .target(
            name: "SCAClient",
            dependencies: ["SCACore", nioCore, nioPosix, nioHTTP1, nioWebSocket, nioSSL, logging],
            swiftSettings: strict
        ),
        .target(
            name: "SCAServerd",
            dependencies: [
                "SCACore", "CMalloc", "CProcess", nioCore, nioPosix, nioHTTP1, nioSSL, jwtKit, crypto,
                lifecycle, logging, metrics,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "scad",
            dependencies: [
                "SCAServerd", "SCACore", "SCACommandLine", "CProcess", lifecycle, unixSignals, logging, arguments,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "scactl",
            dependencies: ["SCACore", "SCAClient", "SCACommandLine", "CReadline", "CProcess", arguments],
            swiftSettings: strict
        ),
        .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
        .systemLibrary(name: "CProcess"),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "SCATesting",
            dependencies: ["SCACore", x509, crypto],
            path: "Tests/SCATesting",
            swiftSettings: strict
        ),
        .testTarget(
            name: "SCACoreTests",
            dependencies: ["SCACore", "SCATesting"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SCACommandLineTests",
            dependencies: ["SCACommandLine"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SCAClientTests",
            dependencies: ["SCAClient", "SCACore", "SCATesting", nioCore, nioEmbedded, nioPosix],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SCAServerdTests",
            dependencies: [
                "SCAServerd", "SCAClient", "SCACore", "SCATesting", nioCore, nioEmbedded, nioHTTP1, nioPosix, nioSSL,
                nioTLS, jwtKit, crypto, logging, metrics,
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "scactlTests",
            dependencies: ["scactl", "SCACore", "SCAClient", "SCATesting", arguments],
            swiftSettings: strict
        ),
        // An example, and so no product: built and tested with the rest, of no concern to those who use the package.
        .executableTarget(
            name: "echo-bot",
            dependencies: ["SCAClient", "SCACore", logging, unixSignals],
            path: "examples/swift/echo-bot",
            swiftSettings: strict
        ),
        .testTarget(
            name: "EchoBotTests",
            dependencies: ["echo-bot", "SCAClient", "SCACore", "SCAServerd", logging],
            path: "examples/swift/echo-bot-tests",
            swiftSettings: strict
        ),
        // Echoes for the Autobahn cases, on the servers' and clients' own pipelines: a tool of scripts/conformance, no product.
        .executableTarget(
            name: "sca-echo",
            dependencies: ["SCAClient", "SCACore", "SCAServerd", nioCore, nioHTTP1, nioPosix],
            path: "Tests/Conformance/echo",
            swiftSettings: strict
        ),
        .testTarget(
            name: "FuzzTests",
            dependencies: fuzzed,
            exclude: ["CFuzzer", "Dictionaries", "Driver", "corpora"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: simulated,
            exclude: ["Tool"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["SCACore", "SCATesting", "CProcess"],
            swiftSettings: strict
        ),
    ]
)

// `scripts/fuzz`, `scripts/simulate` and `scripts/bench micro` build in release mode and with @testable imports. A plain
// `swift build -c release` could not build these, so they are targets for those scripts only.
switch Context.environment["SCA_TOOL"] {
case "fuzz":
    package.targets.removeAll { $0.type == .test || ["scactl", "scad", "echo-bot", "sca-echo"].contains($0.name) }
    package.products = []
    // Only what is fuzzed is watched: libFuzzer looks at each counter after each input, and BoringSSL has a million.
    let watched: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])]
    for target in package.targets where ["SCACore", "SCAServerd"].contains(target.name) {
        target.swiftSettings = strict + watched
    }
    package.targets += [
        // An executable cannot be linked into anything else; a library can, if its entry point has another name.
        .target(
            name: "scactl",
            dependencies: ["SCACore", "SCAClient", "SCACommandLine", "CReadline", "CProcess", arguments],
            swiftSettings: strict + watched
                + [.unsafeFlags(["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "scactl_main"])]
        ),
        .systemLibrary(name: "CFuzzer", path: "Tests/FuzzTests/CFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: fuzzed + ["CFuzzer"],
            path: "Tests/FuzzTests",
            exclude: ["CFuzzer", "Dictionaries", "Replay", "corpora"],
            swiftSettings: strict + watched,
            // libFuzzer comes with a `main` too, which is not the one.
            linkerSettings: [
                .unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld", "-Xlinker", "--allow-multiple-definition"])
            ]
        ),
    ]
case "simulate":
    package.targets.removeAll { $0.type == .test || ["scactl", "scad", "echo-bot"].contains($0.name) }
    package.products = []
    package.targets += [
        .executableTarget(
            name: "simulate",
            dependencies: simulated,
            path: "Tests/SimulationTests",
            exclude: ["Checks"],
            swiftSettings: strict
        )
    ]
case "bench":
    package.targets.removeAll { $0.type == .test || ["scactl", "scad", "echo-bot", "sca-echo"].contains($0.name) }
    package.products = []
    // As in `scripts/release`.
    let released: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"])]
    for target in package.targets where ["SCACore", "SCAServerd"].contains(target.name) {
        target.swiftSettings = strict + released
    }
    package.targets += [
        // It defines `malloc`, and is for nothing else.
        .target(name: "CCount", path: "Benchmarks/micro/CCount"),
        .executableTarget(
            name: "micro",
            dependencies: ["CCount", "SCACore", "SCAServerd"],
            path: "Benchmarks/micro",
            exclude: ["CCount"],
            swiftSettings: strict + released
        ),
    ]
default: break
}
