#requires -Version 7.0

# What .NET Framework 4.7.2 and Windows PowerShell 5.1 have, read from their reference assemblies without loading them. Dot-sourced.

function Get-Framework {
    # @{ Types = name -> where; Reason = why there are none; Members = cache }
    param([Parameter(Mandatory)] [string] $Cache)

    $packages = [ordered]@{ 'Microsoft.NETFramework.ReferenceAssemblies.net472' = '1.0.3'; 'PowerShellStandard.Library' = '5.1.0-preview-06' }
    $folder = Join-Path $Cache 'nuget'
    $missing = @($packages.Keys | Where-Object { -not (Test-Path (Join-Path $folder "$($_.ToLowerInvariant())/$($packages[$_])")) })
    if ($missing) {
        if (-not (Get-Command dotnet -CommandType Application -ErrorAction Ignore)) { return @{ Types = $null; Reason = 'the .NET SDK, which fetches the reference assemblies, is not here' } }
        $project = Join-Path $Cache 'reference/reference.csproj'
        $null = New-Item (Split-Path $project) -ItemType Directory -Force
        $references = foreach ($name in $packages.Keys) { "<PackageReference Include=`"$name`" Version=`"$($packages[$name])`" />" }
        Set-Content $project "<Project Sdk=`"Microsoft.NET.Sdk`"><PropertyGroup><TargetFramework>netstandard2.0</TargetFramework></PropertyGroup><ItemGroup>$references</ItemGroup></Project>"
        $said = & dotnet restore $project --packages $folder --nologo 2>&1
        if ($LASTEXITCODE -ne 0) { return @{ Types = $null; Reason = "dotnet restore did not fetch the reference assemblies: $($said | Select-Object -Last 3)" } }
    }

    $net = Join-Path $folder 'microsoft.netframework.referenceassemblies.net472/1.0.3/build/.NETFramework/v4.7.2'
    $assemblies = @(foreach ($name in 'mscorlib', 'System', 'System.Core', 'System.Xml', 'System.Management', 'System.DirectoryServices', 'System.IO.Compression', 'System.IO.Compression.FileSystem') { Join-Path $net "$name.dll" })
    $assemblies += Join-Path $folder 'powershellstandard.library/5.1.0-preview-06/lib/netstandard2.0/System.Management.Automation.dll'
    $types = [Collections.Generic.Dictionary[string, object]]::new([StringComparer]::OrdinalIgnoreCase)
    foreach ($assembly in $assemblies) {
        $image = [Reflection.PortableExecutable.PEReader]::new([IO.MemoryStream]::new([IO.File]::ReadAllBytes($assembly)))
        $reader = [Reflection.Metadata.PEReaderExtensions]::GetMetadataReader($image)
        foreach ($handle in $reader.TypeDefinitions) {
            $definition = $reader.GetTypeDefinition($handle)
            if (-not ($definition.Attributes -band [Reflection.TypeAttributes]::Public) -or $definition.IsNested) { continue }
            $name = "$($reader.GetString($definition.Namespace)).$($reader.GetString($definition.Name))"
            if (-not $types.ContainsKey($name)) { $types[$name] = @{ Name = $name; Reader = $reader; Definition = $definition; Image = $image } }
        }
    }
    @{ Types = $types; Reason = $null; Members = @{} }
}

function Resolve-FrameworkType {
    # The full name of a type as a script writes it, or nothing.
    param($Framework, [string] $Name)

    # As PowerShell does: as it is, under System, as an accelerator.
    $Name = $Name -replace '`\d+$'
    foreach ($candidate in $Name, "System.$Name") {
        foreach ($arity in '', '`1', '`2', '`3', '`4') { if ($Framework.Types.ContainsKey("$candidate$arity")) { return $Framework.Types["$candidate$arity"].Name } }
    }
    $accelerators = [psobject].Assembly.GetType('System.Management.Automation.TypeAccelerators')::Get
    if ($accelerators.ContainsKey($Name)) {
        $full = $accelerators[$Name].FullName
        if ($Framework.Types.ContainsKey($full)) { return $Framework.Types[$full].Name }
        # The reference assembly leaves out two that the language knows by itself.
        if ($Name -in 'pscustomobject', 'ordered') { return 'System.Management.Automation.PSObject' }
    }
}

function Find-MissingType {
    # The names inside a type literal that are not there: element types of arrays, arguments of generics.
    param($Framework, $TypeName)

    switch ($TypeName.GetType().Name) {
        'ArrayTypeName' { Find-MissingType $Framework $TypeName.ElementType }
        'GenericTypeName' {
            Find-MissingType $Framework $TypeName.TypeName
            foreach ($argument in $TypeName.GenericArguments) { Find-MissingType $Framework $argument }
        }
        default { if (-not (Resolve-FrameworkType $Framework $TypeName.FullName)) { $TypeName.FullName } }
    }
}

function Test-FrameworkMember {
    # Whether a type, or what it derives from, has a public member of that name.
    param($Framework, [string] $Type, [string] $Member)

    if ($Member -in 'new', 'Equals', 'ReferenceEquals', 'ToString', 'GetType', 'GetHashCode') { return $true }
    while ($Type -and $Framework.Types.ContainsKey($Type)) {
        $entry = $Framework.Types[$Type]
        if (-not $Framework.Members.ContainsKey($Type)) {
            $names = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
            $reader = $entry.Reader
            foreach ($handle in $entry.Definition.GetMethods()) {
                $definition = $reader.GetMethodDefinition($handle)
                if ($definition.Attributes -band [Reflection.MethodAttributes]::Public) { $null = $names.Add(($reader.GetString($definition.Name) -replace '^(get|set)_')); $null = $names.Add($reader.GetString($definition.Name)) }
            }
            foreach ($handle in $entry.Definition.GetFields()) { $null = $names.Add($reader.GetString($reader.GetFieldDefinition($handle).Name)) }
            $base = ''
            $parent = $entry.Definition.BaseType
            if (-not $parent.IsNil) {
                $from = if ($parent.Kind -eq 'TypeReference') { $reader.GetTypeReference([Reflection.Metadata.TypeReferenceHandle]$parent) } elseif ($parent.Kind -eq 'TypeDefinition') { $reader.GetTypeDefinition([Reflection.Metadata.TypeDefinitionHandle]$parent) }
                if ($from) { $base = "$($reader.GetString($from.Namespace)).$($reader.GetString($from.Name))" }
            }
            $Framework.Members[$Type] = @{ Names = $names; Base = $base }
        }
        if ($Framework.Members[$Type].Names.Contains($Member)) { return $true }
        $Type = $Framework.Members[$Type].Base
    }
    $false
}
