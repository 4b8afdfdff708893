function Invoke-SurfaceCommand {
    <#
    .SYNOPSIS
    Carries out one command of a plan in the administrator's own session, and returns what came of it as the JSON that the engine takes.
    .NOTES
    Nothing that a service prints is part of the answer, and nothing that the caller prefers (WhatIf, Confirm) is heard by the service's command: whether
    it runs was decided before. A secret is made here, handed over and disposed of; it is in no answer.
    #>
    [OutputType([string])]
    param(
        [Management.Automation.PSCmdlet] $Cmdlet,

        # tenant, tenantId, surface, name, parameters, secrets, writes, properties of the engine's question.
        [object] $Request,

        # What one job remembers: sessions that were asked, commands that were found, where exported files are.
        [hashtable] $Job
    )

    $WhatIfPreference = $false
    $ConfirmPreference = 'None'
    $ProgressPreference = $InformationPreference = 'SilentlyContinue'
    $ErrorActionPreference = 'Stop'

    $say = {
        param($Kind, $Text)
        $line = [Text.StringBuilder]::new("{`"$Kind`":")
        Add-SnapshotValue $line $Text 0
        $line.Append('}').ToString()
    }
    $connection = Find-TenantConnection $Request.tenant $Request.tenantId $Request.surface
    if (-not $connection) { return & $say unreachable "This process has no connection to $($Request.tenant) on the surface $($Request.surface)." }

    $secrets = [Collections.Generic.List[securestring]]::new()
    $before = if ($global:Error.Count) { $global:Error[0] }
    try {
        $module = $null
        if ($connection.Through -ne 'lab') {
            # Exchange answers from memory, so it is asked every time; a service that must be called, once; AD is named its server.
            $key = "$($connection.Surface) $($connection.Tenant)"
            $session = $Job[$key]
            if (-not $session -or $connection.Surface -eq 'exchange') {
                $session = $Job[$key] = Get-SurfaceSession $connection
                if ($session.code -and $session.code -ne 'TenantMismatch') {
                    $Job.Remove($key)
                    return & $say unreachable $session.message
                }
                if (-not $session.code -and $connection.TenantId -and $session.id -ne $connection.TenantId) {
                    $session.code = 'TenantMismatch'
                    $session.message = "The session on the surface $($connection.Surface) is now signed in to the tenant $($session.id) and no longer to $($connection.Tenant) ($($connection.TenantId)), so nothing was done."
                }
            }
            if ($session.code) {
                return & $say refused ([ordered]@{ id = $session.code; message = $session.message; category = 'SecurityError'; exception = 'System.InvalidOperationException' })
            }
            $module = $session.module
        }

        $key = "command $($connection.Surface) $($connection.Tenant) $module $($Request.name)"
        $command = $Job[$key]
        if (-not $command) {
            $command = $Job[$key] = Resolve-SurfaceCommand $connection $Request.name $module
            if (-not $command) {
                $Job.Remove($key)
                $called = ($Request.name -split '-', 2) -join "-$($connection.Prefix)"
                return & $say refused ([ordered]@{
                        id = 'CommandNotAvailable'; category = 'ObjectNotFound'; exception = 'System.Management.Automation.CommandNotFoundException'
                        message = "The session has no command $called. The account's role does not include it, the module that brings it is not loaded, or Connect-ExchangeOnline was limited with -CommandName."
                    })
            }
        }

        $arguments = @{}
        foreach ($member in $Request.parameters.PSObject.Properties) { $arguments[$member.Name] = ConvertTo-SurfaceArgument $member.Value $Job.ExportPath }
        foreach ($secret in $Request.secrets) {
            if ($secret.kind -ne 'generatedPassword') { throw [NotSupportedException]::new("Coexist cannot make a secret of the kind '$($secret.kind)'. The plan is of a newer version.") }
            $password = New-GeneratedPassword
            $secrets.Add($password)
            $arguments[$secret.parameter] = $password
        }
        if ($connection.Surface -eq 'activeDirectory' -and $connection.Server) { $arguments.Server = $connection.Server }
        foreach ($name in 'Confirm', 'WhatIf') { if ($command.Parameters.ContainsKey($name)) { $arguments[$name] = $false } }
        $arguments.ErrorAction = 'Stop'

        $objects = [Collections.Generic.List[object]]::new()
        # Every stream comes here, so that none is mixed into the answer.
        foreach ($item in @(& $command @arguments *>&1)) {
            if ($item -is [Management.Automation.ErrorRecord]) { return ConvertTo-Refusal $item }
            if ($item -is [Management.Automation.WarningRecord]) { $Cmdlet.WriteVerbose("$($Request.name): $($item.Message)"); continue }
            if ($item -is [Management.Automation.InformationalRecord] -or $item -is [Management.Automation.InformationRecord]) { continue }
            if ($null -ne $item) { $objects.Add($item) }
        }
    }
    catch [Management.Automation.PipelineStoppedException] {
        throw
    }
    catch {
        return ConvertTo-Refusal $_
    }
    finally {
        foreach ($secret in $secrets) { $secret.Dispose() }
        # That an object is not there yet is an answer. What is an error, the operation says.
        while ($global:Error.Count -and -not [object]::ReferenceEquals($global:Error[0], $before)) { $global:Error.RemoveAt(0) }
    }

    $lines = foreach ($object in $objects) {
        try { ConvertTo-SnapshotLine $object $(if ($Request.properties) { $Request.properties } else { @($object.PSObject.Properties.Name) }) }
        catch [Management.Automation.PipelineStoppedException] { throw }
        catch {
            # What was written is written, whether or not its object can be shown.
            if (-not $Request.writes) { return ConvertTo-Refusal $_ }
        }
    }
    '{"objects":[' + (@($lines) -join ',') + ']}'
}
