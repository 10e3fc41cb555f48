using System.Runtime.InteropServices;
using Confluent.Kafka;
using RetailFlow.Lakehouse;
using RetailFlow.Lakehouse.Projects;

namespace RetailFlow.Node.Kafka;

/// <summary>The client's native library: the one of the system's package, under the name that the package gives it.</summary>
internal static class LibRdKafka
{
    private static readonly string[] s_files = OperatingSystem.IsMacOS() ? ["librdkafka.1.dylib", "librdkafka.dylib"] : ["librdkafka.so.1"];
    private static readonly Lazy<IntPtr> s_library = new(Load);

    /// <summary>Makes the library known to the client.</summary>
    /// <exception cref="LakeException">It is not on this machine.</exception>
    public static void Require()
    {
        if (s_library.Value == IntPtr.Zero)
        {
            throw new LakeException(
                LakeErrorKind.Unavailable,
                $"{KafkaFile.FileName} names sources, but {s_files[0]} is not on this machine: install the package librdkafka1 (eng/install-librdkafka.sh does, or: apt-get install librdkafka1).");
        }
    }

    private static IntPtr Load()
    {
        foreach (var file in s_files)
        {
            if (NativeLibrary.TryLoad(file, out var library))
            {
                NativeLibrary.SetDllImportResolver(typeof(Offset).Assembly, (name, _, _) => name switch
                {
                    "librdkafka" => library,
                    "libdl" => Linker(),
                    _ => IntPtr.Zero,
                });
                return library;
            }
        }

        return IntPtr.Zero;
    }

    /// <summary>The client asks it why a library could not be loaded; newer systems have it in the C library.</summary>
    private static IntPtr Linker() =>
        NativeLibrary.TryLoad("libdl.so.2", out var own) || NativeLibrary.TryLoad("libc.so.6", out own) ? own : IntPtr.Zero;
}
