// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

// Homebrew's headers are found through pkg-config. Debian's need no help, and the files there name flags that SwiftPM
// warns of at every build.
#if os(Linux)
let hiredisPackage: String? = nil
let simdjsonPackage: String? = nil
#else
let hiredisPackage: String? = "hiredis"
let simdjsonPackage: String? = "simdjson"
#endif

let package = Package(
    name: "bungalow",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "bungalow-server", targets: ["Server"]),
        .executable(name: "bungalow", targets: ["Bungalow"]),
    ],
    // Exact versions: no lock file is kept, so this list is the lock.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        .target(
            name: "Model",
            dependencies: ["Bytes", "Digests", "Platform"],
            resources: [.embedInCode("Resources/housing-model.json")],
            swiftSettings: strict
        ),
        .systemLibrary(
            name: "SimdjsonSystem",
            pkgConfig: simdjsonPackage,
            providers: [.apt(["libsimdjson-dev"]), .brew(["simdjson"])]
        ),
        .target(
            name: "CSimdjson", dependencies: ["SimdjsonSystem"], linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CPlatform"),
        .target(name: "Platform", swiftSettings: strict),
        .target(name: "CDigests"),
        .target(name: "Digests", dependencies: ["CDigests"], swiftSettings: strict),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
        .target(name: "SQLite", dependencies: ["CSQLite"], swiftSettings: strict),
        .target(name: "Bytes", dependencies: ["Platform"], swiftSettings: strict),
        .target(name: "Release", swiftSettings: strict),
        .target(name: "ScoringLog", dependencies: ["Bytes", "CPlatform", "Platform"], swiftSettings: strict),
        .systemLibrary(
            name: "CHiredis",
            pkgConfig: hiredisPackage,
            providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]
        ),
        .target(
            name: "Redis",
            dependencies: [
                "Bytes", "CHiredis", "Platform",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "HTTP1", dependencies: ["Bytes", "Platform", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),
        .target(
            name: "PredictionCache",
            dependencies: [
                "Bytes", "CSQLite", "Model", "Platform", "Redis", "SQLite",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "Server",
            dependencies: [
                "Bytes", "CPlatform", "CSimdjson", "Digests", "HTTP1", "Model", "Platform", "PredictionCache",
                "Release", "ScoringLog",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [
                .embedInCode("Resources/calls.js"), .embedInCode("Resources/charts.js"),
                .embedInCode("Resources/docs.html"), .embedInCode("Resources/docs.js"),
                .embedInCode("Resources/home.html"), .embedInCode("Resources/home.js"),
                .embedInCode("Resources/metrics.js"), .embedInCode("Resources/openapi.json"),
                .embedInCode("Resources/pages.css"),
            ],
            swiftSettings: strict
        ),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(
            name: "Files",
            dependencies: [
                "CZlib",
                .product(
                    name: "SystemPackage", package: "swift-system", condition: .when(platforms: [.linux])),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Cluster",
            dependencies: [
                "Bytes", "Files",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(
                    name: "SystemPackage", package: "swift-system", condition: .when(platforms: [.linux])),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ReportPage",
            dependencies: ["Bytes", "Digests"],
            resources: [.embedInCode("Resources/page.css"), .embedInCode("Resources/page.js")],
            swiftSettings: strict
        ),
        .target(
            name: "LatencyAnalyzer",
            dependencies: [
                "Bytes", "CSQLite", "Files", "ReportPage", "SQLite", "ScoringLog",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(
                    name: "SystemPackage", package: "swift-system", condition: .when(platforms: [.linux])),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "LoadReport",
            dependencies: ["Bytes", "Cluster", "Digests", "Files", "LatencyAnalyzer", "ReportPage", "SQLite"],
            swiftSettings: strict
        ),
        .target(name: "Autoscaler", swiftSettings: strict),
        .target(name: "Simulation", dependencies: ["Autoscaler"], swiftSettings: strict),
        .target(
            name: "Recipes",
            dependencies: [
                "Autoscaler", "Cluster", "Files", "LatencyAnalyzer", "LoadReport", "ReportPage", "ScoringLog",
                "Simulation",
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "Bungalow",
            dependencies: [
                "Autoscaler", "Cluster", "Files", "LatencyAnalyzer", "LoadReport", "Recipes", "Release", "ScoringLog",
                "Simulation",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(
                    name: "SystemPackage", package: "swift-system", condition: .when(platforms: [.linux])),
            ],
            swiftSettings: strict
        ),
        .target(name: "CSpawn", path: "Tests/CSpawn"),
        .target(
            name: "TestSupport", dependencies: ["Bytes", "CSpawn"], path: "Tests/TestSupport",
            resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(name: "FilesTests", dependencies: ["Files", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "ClusterTests", dependencies: ["Cluster", "Files"], swiftSettings: strict),
        .testTarget(name: "ReportPageTests", dependencies: ["Bytes", "ReportPage"], swiftSettings: strict),
        .testTarget(
            name: "LatencyAnalyzerTests",
            dependencies: ["Bytes", "Files", "LatencyAnalyzer", "SQLite", "ScoringLog", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "LoadReportTests",
            dependencies: [
                "Files", "LatencyAnalyzer", "LoadReport", "SQLite", "TestSupport",
            ],
            resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(
            name: "EndToEnd", dependencies: ["Bungalow", "Release", "Server", "TestSupport"],
            exclude: ["Analyzer/kubernetes_api.py", "Analyzer/kubernetes_exercise.py"],
            resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(
            name: "RedisTests",
            dependencies: [
                "Redis", "TestSupport",
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "DigestsTests", dependencies: ["Digests", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "SQLiteTests", dependencies: ["CSQLite", "SQLite", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "BytesTests", dependencies: ["Bytes", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "HTTP1Tests",
            dependencies: [
                "Bytes", "HTTP1", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "PredictionCacheTests",
            dependencies: [
                "Bytes", "Model", "PredictionCache", "SQLite", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Bytes", "HTTP1", "Model", "PredictionCache", "ScoringLog", "Server", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ModelTests", dependencies: ["Model", "TestSupport"], resources: [.copy("Vectors")],
            swiftSettings: strict),
        .testTarget(
            name: "AutoscalerTests", dependencies: ["Autoscaler", "TestSupport"],
            exclude: ["oracle.py", "random_states.py"], resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(
            name: "RecipesTests",
            dependencies: [
                "Autoscaler", "Files", "LatencyAnalyzer", "LoadReport", "Recipes", "ReportPage", "Simulation",
                "TestSupport",
            ],
            resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["Autoscaler", "Simulation", "TestSupport"],
            resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(
            name: "ScoringLogTests", dependencies: ["Bytes", "ScoringLog", "TestSupport"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
