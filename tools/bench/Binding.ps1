<#
.SYNOPSIS
What importing the module and its first native call cost, against Add-Type of the same bindings: at most 0.10.
.DESCRIPTION
Each figure is taken inside a fresh process of the running PowerShell, the three kinds in turn, and is the median of all rounds:
    empty    Import-Module of a module that is a manifest and nothing else
    module   Import-Module Coexist and ConvertTo-CoexistImmutableId of one GUID
    addType  Add-Type of C# with the exports, carriers and output classes of module/native.psd1
The ratio is (module - empty) / addType.
#>
[CmdletBinding()]
param(
    # The built manifest.
    [Parameter(Mandatory)] [string] $Manifest,

    [Parameter(Mandatory)] [string] $Root,

    [int] $Rounds = 15,

    # Set for the child process: what to do and time there.
    [string] $Measure
)

$ErrorActionPreference = 'Stop'

if ($Measure) {
    $folder = Split-Path $Measure
    $watch = [Diagnostics.Stopwatch]::StartNew()
    switch (Split-Path $Measure -Leaf) {
        'empty' { Import-Module $folder/Empty.psd1 }
        'module' { Import-Module $Manifest; $null = '00112233-4455-6677-8899-aabbccddeeff' | ConvertTo-CoexistImmutableId }
        'addType' { Add-Type -TypeDefinition ([IO.File]::ReadAllText("$folder/Bindings.cs")) }
    }
    return $watch.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture)
}

function Get-Median([double[]] $Values) {
    $sorted = @($Values | Sort-Object)
    $sorted[[int][Math]::Floor($sorted.Count / 2)]
}

# The same bindings in C#.
$native = Import-PowerShellDataFile (Join-Path $Root 'module/native.psd1')
$library = @(Get-ChildItem (Join-Path (Split-Path $Manifest) 'bin') -Recurse -File)[0].FullName
$types = @{ 'Void' = 'void'; 'UInt32' = 'uint'; 'Int32' = 'int'; 'IntPtr' = 'IntPtr'; 'UIntPtr' = 'UIntPtr'; 'Byte[]' = 'byte[]'; 'IntPtr&' = 'out IntPtr'; 'UIntPtr&' = 'out UIntPtr'; 'UInt64' = 'ulong'; 'UInt64&' = 'out ulong' }
$lines = @(
    'using System; using System.Collections; using System.Runtime.InteropServices; using System.Text;'
    'namespace Coexist {'
    'public static class Native {'
    foreach ($export in $native.Exports) {
        $index = 0
        $parameters = @(foreach ($parameter in $export.Parameters) { "$($types[$parameter]) p$index"; $index++ }) -join ', '
        '[DllImport(@"{0}", CallingConvention = CallingConvention.Cdecl)] public static extern {1} {2}({3});' -f $library, $types[$export.Returns], $export.Name, $parameters
    }
    'public static string Text(object v) { if (v is string) return (string)v; if (v is byte[]) return BitConverter.ToString((byte[])v);'
    'var l = v as IList; if (l != null && l.Count == 1) v = l[0]; return v is IFormattable ? v.ToString() : ""; }'
    'public static string Take(IntPtr p, UIntPtr n) { if (p == IntPtr.Zero) return ""; var b = new byte[(int)n]; Marshal.Copy(p, b, 0, b.Length);'
    'coexist_bytes_free(p, n); return Encoding.UTF8.GetString(b); } }'
    foreach ($class in $native.Classes) {
        $name = ($class.Name -split '\.')[-1]
        "public sealed class ${name}Output { string answer;"
        for ($i = 0; $i -lt $class.Properties.Count; $i++) { "public string $($class.Properties[$i]) { get { return answer.Split('\u001f')[$i]; } }" }
        $inputs = 0..($class.Inputs - 1)
        "public static object Derive($(@($inputs | ForEach-Object { "object a$_" }) -join ', ')) {"
        "var b = Encoding.UTF8.GetBytes($(@($inputs | ForEach-Object { "Native.Text(a$_)" }) -join ' + "\u001f" + ')); IntPtr p; UIntPtr n;"
        "var s = Native.$($class.Export)(b, (UIntPtr)b.Length, out p, out n); var t = Native.Take(p, n);"
        "if (s != 0 || !t.EndsWith(""\u001f"", StringComparison.Ordinal)) return s + ""\u001f"" + t; return new ${name}Output { answer = t }; } }"
    }
    '}'
)
$folder = Join-Path ([IO.Path]::GetTempPath()) "coexist-bench-$PID"
$null = New-Item $folder -ItemType Directory -Force
try {
    [IO.File]::WriteAllText("$folder/Bindings.cs", $lines -join "`n")
    [IO.File]::WriteAllText("$folder/Empty.psd1", "@{ ModuleVersion = '1.0' }")
    $shell = (Get-Process -Id $PID).Path
    $times = @{ empty = @(); module = @(); addType = @() }
    foreach ($round in 0..$Rounds) {
        foreach ($kind in 'empty', 'module', 'addType') {
            $answer = & $shell -NoProfile -NonInteractive -File $PSCommandPath -Manifest $Manifest -Root $Root -Measure "$folder/$kind"
            if ($LASTEXITCODE -ne 0) { throw "the measured process for '$kind' failed: $answer" }
            # The first round warms the file cache.
            if ($round -gt 0) { $times[$kind] += [double]::Parse($answer, [cultureinfo]::InvariantCulture) }
        }
    }
}
finally {
    Remove-Item $folder -Recurse -Force
}

$empty = Get-Median $times.empty
$module = Get-Median $times.module
$addType = Get-Median $times.addType
[pscustomobject]@{
    Figure = 'import and first native call, against Add-Type of the same bindings'
    Ratio  = [Math]::Round(($module - $empty) / $addType, 3)
    Limit  = 0.10
    Detail = 'empty {0:n1} ms, module {1:n1} ms, Add-Type {2:n1} ms; medians of {3} fresh processes each' -f $empty, $module, $addType, $Rounds
}
