using System.Reflection;
using System.Runtime.InteropServices;

namespace RetailFlow.DuckDb.Native;

/// <summary>The C API of DuckDB 1.5; each file holds one section of duckdb.h. This one: open, connect, configure.</summary>
internal static unsafe partial class NativeMethods
{
    private const string Library = NativeLibraryLoader.LibraryName;

    static NativeMethods() =>
        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), NativeLibraryLoader.Resolve);

    [LibraryImport(Library, EntryPoint = "duckdb_open_ext", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeState OpenExt(string? path, out DatabaseHandle database, ConfigHandle config, out nint error);

    [LibraryImport(Library, EntryPoint = "duckdb_close")]
    internal static partial void Close(ref nint database);

    [LibraryImport(Library, EntryPoint = "duckdb_connect")]
    internal static partial NativeState Connect(DatabaseHandle database, out ConnectionHandle connection);

    [LibraryImport(Library, EntryPoint = "duckdb_disconnect")]
    internal static partial void Disconnect(ref nint connection);

    [LibraryImport(Library, EntryPoint = "duckdb_interrupt")]
    internal static partial void Interrupt(ConnectionHandle connection);

    [LibraryImport(Library, EntryPoint = "duckdb_connection_get_client_context")]
    internal static partial void ConnectionGetClientContext(ConnectionHandle connection, out ClientContextHandle context);

    [LibraryImport(Library, EntryPoint = "duckdb_client_context_get_connection_id")]
    internal static partial ulong ClientContextGetConnectionId(ClientContextHandle context);

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_client_context")]
    internal static partial void DestroyClientContext(ref nint context);

    [LibraryImport(Library, EntryPoint = "duckdb_library_version")]
    internal static partial nint LibraryVersion();

    [LibraryImport(Library, EntryPoint = "duckdb_create_config")]
    internal static partial NativeState CreateConfig(out ConfigHandle config);

    [LibraryImport(Library, EntryPoint = "duckdb_set_config", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeState SetConfig(ConfigHandle config, string name, string option);

    [LibraryImport(Library, EntryPoint = "duckdb_destroy_config")]
    internal static partial void DestroyConfig(ref nint config);

    [LibraryImport(Library, EntryPoint = "duckdb_free")]
    internal static partial void Free(nint memory);

    /// <summary>Reads a C string that the engine keeps.</summary>
    internal static string? ReadText(nint text) => Marshal.PtrToStringUTF8(text);

    /// <summary>Reads a C string that the caller must free.</summary>
    internal static string? TakeText(nint text)
    {
        string? value = Marshal.PtrToStringUTF8(text);
        if (text != 0)
        {
            Free(text);
        }

        return value;
    }
}
