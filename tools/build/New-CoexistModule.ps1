<#
.SYNOPSIS
Puts the module together: one psm1 from module/Public and module/Private, literals from native.psd1, and the native library for this platform.
.DESCRIPTION
One psm1, because under App Control every dot-sourced file is verified on its own, and a signed module is one file to sign.
The result is a fresh folder out/Coexist/<version>; module/ itself is never imported.
.OUTPUTS
The path of the built manifest.
#>
[CmdletBinding()]
param(
    # The root of the repository.
    [Parameter(Mandatory)] [string] $Root,

    # Where the folder Coexist/<version> is made.
    [Parameter(Mandatory)] [string] $Destination,

    # The native library of each platform: @{ 'linux-x64' = 'target/release/libcoexist.so' }.
    [Parameter(Mandatory)] [hashtable] $Library
)

$ErrorActionPreference = 'Stop'
$source = Join-Path $Root 'module'
$manifest = Import-PowerShellDataFile (Join-Path $source 'Coexist.psd1')
$native = Import-PowerShellDataFile (Join-Path $source 'native.psd1')
$target = Join-Path (Join-Path $Destination 'Coexist') $manifest.ModuleVersion
if (Test-Path $target) { Remove-Item $target -Recurse -Force }
$null = New-Item $target -ItemType Directory -Force

function ConvertTo-TypeLiteral([string] $Name) {
    switch ($Name) {
        'IntPtr&' { '$PointerOut' }
        'UIntPtr&' { '$SizeOut' }
        'UInt64&' { '[uint64].MakeByRefType()' }
        default { "[$Name]" }
    }
}

function ConvertTo-StringLiteral([string] $Text) { "'" + $Text.Replace("'", "''") + "'" }

# The data of native.psd1 as the literals that New-NativeType reads.
$derivations = $native.Classes.Export
$exports = foreach ($export in $native.Exports | Where-Object Name -NotIn $derivations) {
    $alias = if ($export.Name -eq 'coexist_bytes_free') { 'free' } else { $export.Name }
    $parameters = @(foreach ($parameter in $export.Parameters) { ConvertTo-TypeLiteral $parameter }) -join ', '
    '    , ({0}, {1}, {2}, [type[]]@({3}))' -f (ConvertTo-StringLiteral $alias), (ConvertTo-TypeLiteral $export.Returns), (ConvertTo-StringLiteral $export.Name), $parameters
}
$outputs = foreach ($class in $native.Classes) {
    $properties = @(for ($i = 0; $i -lt $class.Properties.Count; $i++) { "({0}, '$i')" -f (ConvertTo-StringLiteral $class.Properties[$i]) }) -join ', '
    $join = @(for ($i = 1; $i -lt $class.Inputs; $i++) { " Ldstr separator Ldarg_$i Call Text Call concat" }) -join ''
    "    {0} = {1}, {2}, ({3}), '{4}'" -f (ConvertTo-StringLiteral $class.Name), (ConvertTo-StringLiteral $class.Export), $class.Inputs, $properties, $join
}
$platforms = foreach ($rid in $native.Platforms.Keys | Sort-Object) {
    $size = if ($Library.ContainsKey($rid)) { (Get-Item $Library[$rid]).Length } else { 0 }
    '    {0} = {1}, {2}' -f (ConvertTo-StringLiteral $rid), (ConvertTo-StringLiteral "$rid/$($native.Platforms[$rid])"), $size
}

# using statements must come first in a file, each once.
$using = [Collections.Generic.SortedSet[string]]::new()
$bodies = foreach ($file in @(Get-ChildItem (Join-Path $source 'Private') -Filter *.ps1) + @(Get-ChildItem (Join-Path $source 'Public') -Filter *.ps1)) {
    $lines = [IO.File]::ReadAllLines($file.FullName)
    foreach ($line in $lines) { if ($line -match '^using ') { $null = $using.Add($line.Trim()) } }
    (($lines -notmatch '^using ') -join "`n").Trim()
}

$text = @(
    '# Built from module/ by ./build.ps1 Build; edit it there.'
    $using
    ''
    '$script:NativeTypes = @{}'
    '$script:NativeEngine = $null'
    '# How tenants are reached, by "surface tenant".'
    '$script:TenantConnections = @{}'
    "`$script:NativeAbiVersion = $($native.AbiVersion)"
    '$script:NativePlatforms = @{'
    $platforms
    '}'
    '$script:NativeStatus = @{'
    foreach ($name in $native.Status.Keys | Sort-Object) { "    $name = $($native.Status[$name])" }
    '}'
    '$script:NativeCompletion = @{'
    foreach ($name in $native.Completion.Keys | Sort-Object) { "    $name = $(@(foreach ($word in $native.Completion[$name]) { ConvertTo-StringLiteral $word }) -join ', ')" }
    '}'
    ''
    '$script:NativeOutputs = @{'
    $outputs
    '}'
    ''
    'function Get-NativeExport {'
    '    param($PointerOut, $SizeOut)'
    ''
    $exports
    '}'
    ''
    $bodies -join "`n`n"
    ''
) -join "`n"

# With a byte order mark: without one Windows PowerShell reads the ANSI code page.
[IO.File]::WriteAllText((Join-Path $target 'Coexist.psm1'), $text, [Text.UTF8Encoding]::new($true))
Copy-Item (Join-Path $source 'Coexist.psd1'), (Join-Path $source 'Coexist.Format.ps1xml') $target
Copy-Item (Join-Path $source 'en-US') $target -Recurse
foreach ($rid in $Library.Keys) {
    $folder = New-Item (Join-Path (Join-Path $target 'bin') $rid) -ItemType Directory
    Copy-Item $Library[$rid] (Join-Path $folder.FullName $native.Platforms[$rid])
}
Join-Path $target 'Coexist.psd1'
