function New-LabConnection {
    <#
    .SYNOPSIS
    Returns the connections to every surface of a lab's tenant, and makes its commands.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Changes this session alone.')]
    [OutputType([hashtable[]])]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,
        [string] $Folder,

        # What all of them have in common.
        [hashtable] $Connection
    )

    $specification = [IO.Path]::Combine($Folder, 'coexist.json')
    if (-not [IO.File]::Exists($specification)) {
        $exception = [IO.FileNotFoundException]::new("There is no lab in '$Folder': it has no coexist.json. New-CoexistLab makes one.")
        $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'LabNotFound', 'ObjectNotFound', $Folder))
    }
    # The engine is the judge of whether the folder is a lab.
    $null = Invoke-NativeCall $Cmdlet @{ call = 'labTime'; lab = $Folder }

    $document = ConvertFrom-NativeJson ([IO.File]::ReadAllText($specification))
    $tenants = foreach ($side in $document.source, $document.target) {
        $file = [IO.Path]::Combine([IO.Path]::Combine($Folder, $side.snapshot), 'tenant.json')
        $domains = if ([IO.File]::Exists($file)) { (ConvertFrom-NativeJson ([IO.File]::ReadAllText($file))).domains }
        @{ Name = $side.name; Id = $side.tenantId; Names = @($side.name; $side.tenantId; $domains) }
    }
    $tenant = $tenants | Where-Object { $Connection.Tenant -in $_.Names } | Select-Object -First 1
    if (-not $tenant) {
        $exception = [ArgumentException]::new("The lab in '$Folder' has no tenant $($Connection.Tenant); it has $(@($tenants.Name) -join ' and ').")
        $Cmdlet.ThrowTerminatingError([Management.Automation.ErrorRecord]::new($exception, 'TenantNotInLab', 'ObjectNotFound', $Connection.Tenant))
    }

    $word = ($tenant.Name -split '\.')[0] -replace '[^a-zA-Z0-9]'
    $prefix = $word.Substring(0, 1).ToUpperInvariant() + $word.Substring(1).ToLowerInvariant()
    $module = New-LabModule $Folder $tenant.Id $prefix
    foreach ($surface in 'exchange', 'graph', 'teams', 'sharePoint', 'activeDirectory') {
        $one = $Connection.Clone()
        $one.TenantId, $one.Surface, $one.Through, $one.Environment, $one.Lab, $one.Prefix, $one.Module = $tenant.Id, $surface, 'lab', $Folder, $Folder, $prefix, $module
        $one
    }
}
