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
# A method of native.psd1 as a row: name, property, attributes, result, parameters, locals, body. The body has its labels resolved to distances, which
# are noted in $jumps.
$jumps = [Collections.Generic.SortedDictionary[int, bool]]::new()
function ConvertTo-MethodLiteral([hashtable] $Method, [string] $Property, [string[]] $Parameters, [string] $Insert) {
    $names = @(for ($i = 0; $i -lt $Method.Locals.Count; $i += 2) { $Method.Locals[$i] })
    $offset = 0
    $labels = @{}
    $instructions = foreach ($line in ($Method.Body -f $Insert).Trim() -split '\s*\n\s*') {
        if ($line -match '^(\w+):$') { $labels[$Matches[1]] = $offset; continue }
        $code, $operand = $line -split ' '
        # The forms that are emitted; with any other one the distances would be wrong.
        if ($code -in 'Ldloc', 'Stloc') { $code, $operand = "$code`_$([array]::IndexOf($names, $operand))", '' }
        $opcode = [Reflection.Emit.OpCodes].GetField($code).GetValue($null)
        $size = switch ($opcode.OperandType) { 'InlineNone' { 0 } 'ShortInlineVar' { 1 } { $_ -in 'InlineBrTarget', 'InlineMethod', 'InlineType', 'InlineField', 'InlineString' } { 4 } }
        if ($null -eq $size) { throw "$($Method.Name): the build does not know the size of '$line'." }
        $offset += $opcode.Size + $size
        @{ Code = $code; Operand = $operand; Jump = $opcode.OperandType -eq 'InlineBrTarget'; End = $offset }
    }
    $body = @(foreach ($instruction in $instructions) {
            $operand = $instruction.Operand
            if ($instruction.Jump) { $operand = $labels[$operand] - $instruction.End; $jumps[$operand] = $true }
            "$($instruction.Code) $operand"
        }) -join '|'
    $locals = @(for ($i = 0; $i -lt $names.Count; $i++) { "('$($names[$i])', '$($Method.Locals[2 * $i + 1])')" }) -join ', '
    "('{0}', '{1}', '{2}', '{3}', '({4})', @({5}), '{6}')" -f ($Method.Name -f $Property), $Property, $Method.Attributes, $Method.Returns, ($Parameters -join ', '), $locals, $body
}
$methods = @{}
foreach ($method in $native.Methods) { $methods[$method.Name] = $method }
$shared = @(foreach ($method in $native.Methods) { if ($method.Name -notin 'get_{0}', 'Derive') { ConvertTo-MethodLiteral $method '' $method.Parameters '' } })
$classes = foreach ($class in $native.Classes) {
    $rows = @(for ($i = 0; $i -lt $class.Properties.Count; $i++) { ConvertTo-MethodLiteral $methods['get_{0}'] $class.Properties[$i] @() $i })
    $join = @(for ($i = 0; $i -lt $class.Inputs; $i++) { if ($i) { 'Ldstr separator' }; "Ldarg_$i"; 'Call Text'; if ($i) { 'Call concat' } }) -join "`n"
    $rows += ConvertTo-MethodLiteral $methods.Derive '' (@('Object') * $class.Inputs) $join
    "    '{0}' = '{1}', `$NativeMethods, (`n        {2})" -f $class.Name, $class.Export, ($rows -join ",`n        ")
}
$platforms = foreach ($rid in $native.Platforms.Keys | Sort-Object) {
    $size = if ($Library.ContainsKey($rid)) { (Get-Item $Library[$rid]).Length } else { 0 }
    '    {0} = {1}, {2}' -f (ConvertTo-StringLiteral $rid), (ConvertTo-StringLiteral "$rid/$($native.Platforms[$rid])"), $size
}

# Importing reads every character, most of them more than once. So comments and indentation are left out, and the comments that Get-Help shows are in a
# file of their own. Lines stay lines.
$helpFile = 'Coexist-help.xml'
function ConvertTo-BareText([string] $Text, [string] $Help) {
    $tokens = $null
    $null = [Management.Automation.Language.Parser]::ParseInput($Text, [ref]$tokens, [ref]$null)
    $comments = @($tokens | Where-Object Kind -EQ 'Comment')
    for ($i = $comments.Count - 1; $i -ge 0; $i--) {
        $start, $end = $comments[$i].Extent.StartOffset, $comments[$i].Extent.EndOffset
        if ($Help -and $comments[$i].Text.StartsWith('<#')) {
            $Text = $Text.Remove($start, $end - $start).Insert($start, "# .EXTERNALHELP $Help")
            continue
        }
        # With the whole line where there is nothing else on it.
        $line = $Text.LastIndexOf("`n", [Math]::Max(0, $start - 1)) + 1
        if (-not $Text.Substring($line, $start - $line).Trim() -and $end -lt $Text.Length -and $Text[$end] -eq "`n") { $start = $line; $end++ }
        $Text = $Text.Remove($start, $end - $start)
    }

    # Not inside of text, where it counts.
    $null = [Management.Automation.Language.Parser]::ParseInput($Text, [ref]$tokens, [ref]$null)
    $inText = @{}
    foreach ($token in $tokens) {
        if ($token.Kind -like '*String*') { for ($line = $token.Extent.StartLineNumber + 1; $line -le $token.Extent.EndLineNumber; $line++) { $inText[$line] = $true } }
    }
    $number = 0
    @(foreach ($line in $Text -split "`n") { $number++; if ($inText[$number]) { $line } else { $line.TrimStart(' ') } }) -join "`n"
}

# Comment-based help as PowerShell itself puts it into MAML when it shows it. What does that is not public, and in 5.1 and 7 the same.
function ConvertTo-HelpXml([IO.FileInfo] $File) {
    $tree = [Management.Automation.Language.Parser]::ParseFile($File.FullName, [ref]$null, [ref]$null)
    $module = New-Module -ScriptBlock $tree.GetScriptBlock()
    $function = $module.ExportedFunctions[$File.BaseName]
    $type = [psobject].Assembly.GetType('System.Management.Automation.HelpCommentsParser')
    $hidden = [Reflection.BindingFlags]'NonPublic, Static, Instance'
    $cache = [Collections.Generic.Dictionary[Management.Automation.Language.Ast, Management.Automation.Language.Token[]]]::new()
    $comments = $type.GetMethod('GetHelpCommentTokens', $hidden).Invoke($null, @($function.ScriptBlock.Ast, $cache))
    $parser = [Activator]::CreateInstance($type, $hidden, $null, @([object]$function, [object]$comments.Item2), $null)
    $analyze = $type.GetMethod('AnalyzeCommentBlock', $hidden, $null, @($comments.Item1.GetType()), $null)
    if (-not $analyze.Invoke($parser, @(, $comments.Item1))) { throw "$($File.Name) has no help." }
    $type.GetMethod('BuildXmlFromComments', $hidden).Invoke($parser, @()).DocumentElement
}

# using statements must come first in a file, each once.
$using = [Collections.Generic.SortedSet[string]]::new()
$bodies = foreach ($file in @(Get-ChildItem (Join-Path $source 'Private') -Filter *.ps1) + @(Get-ChildItem (Join-Path $source 'Public') -Filter *.ps1)) {
    $lines = [IO.File]::ReadAllLines($file.FullName)
    foreach ($line in $lines) { if ($line -match '^using ') { $null = $using.Add($line.Trim()) } }
    (ConvertTo-BareText (($lines -notmatch '^using ') -join "`n") $(if ($file.Directory.Name -eq 'Public') { $helpFile })).Trim()
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
    "`$script:NativeMethods = $($shared -join ",`n    ")"
    '$script:NativeClasses = @{'
    "    'Coexist.Native' = '', @(, $(ConvertTo-MethodLiteral $methods.Take '' $methods.Take.Parameters '')), @()"
    $classes
    '}'
    '$script:NativeJumps = @{'
    foreach ($distance in $jumps.Keys) { "    '$distance' = $distance" }
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
Copy-Item (Join-Path $source 'Coexist.psd1') $target
# Without comments and blank text: the import reads them too.
$settings = [Xml.XmlReaderSettings]::new()
$settings.IgnoreComments = $settings.IgnoreWhitespace = $true
$format = [Xml.XmlDocument]::new()
$reader = [Xml.XmlReader]::Create((Join-Path $source 'Coexist.Format.ps1xml'), $settings)
try { $format.Load($reader) } finally { $reader.Dispose() }
[IO.File]::WriteAllText((Join-Path $target 'Coexist.Format.ps1xml'), $format.OuterXml, [Text.UTF8Encoding]::new($true))
Copy-Item (Join-Path $source 'en-US') $target -Recurse
Copy-Item (Join-Path $source 'Invoke-CoexistTask.ps1') $target
# What the commands of a lab are made of; read when one is connected.
Copy-Item (Join-Path $Root 'data/cmdlets.json') $target
$help = [Xml.XmlDocument]::new()
$help.LoadXml('<helpItems schema="maml" />')
foreach ($file in Get-ChildItem (Join-Path $source 'Public') -Filter *.ps1) { $null = $help.DocumentElement.AppendChild($help.ImportNode((ConvertTo-HelpXml $file), $true)) }
$help.Save((Join-Path (Join-Path $target 'en-US') $helpFile))
foreach ($rid in $Library.Keys) {
    $folder = New-Item (Join-Path (Join-Path $target 'bin') $rid) -ItemType Directory
    Copy-Item $Library[$rid] (Join-Path $folder.FullName $native.Platforms[$rid])
}
Join-Path $target 'Coexist.psd1'
