function Invoke-PlanJob {
    <#
    .SYNOPSIS
    Carries a plan out, or takes it back, through the connections of this process: puts out a row for each operation, and at last the summary.
    #>
    param(
        # $PSCmdlet of the public function, and what was bound.
        [Management.Automation.PSCmdlet] $Cmdlet,
        [Collections.IDictionary] $Bound,

        # apply, or undo.
        [string] $Act,

        [string] $Path,

        # -WhatIf and -Confirm, or what the caller prefers.
        [bool] $Preview,
        [string] $Preference
    )

    # ShouldProcess looks for them where it is called.
    $WhatIfPreference = $Preview
    $ConfirmPreference = $Preference
    $asks = $ConfirmPreference -ne 'None' -and -not $Preview
    # Before anything is done: both commands are of high impact, so a preference that is not None asks at the first operation.
    if ($asks -and -not (Test-Interactive)) { Stop-Unconfirmed $Cmdlet }

    $file = Resolve-NativePath $Cmdlet $Path
    $stop = [string]$Bound['StopOn']
    $request = @{
        job = 'apply'; plan = $file; act = $Act; whatIf = $Preview; noWait = [bool]$Bound['NoWait']; force = [bool]$Bound['Force']
        irreversible = [bool]$Bound['AllowIrreversible']; select = New-PlanSelection $Cmdlet $Bound
        maxOperations = $(if ($Bound['MaxOperations']) { $Bound['MaxOperations'] })
        stopOn = @{
            errors = $(if ($stop -and $stop -notlike '*%') { [int]$stop })
            percent = $(if ($stop -like '*%') { [double]::Parse($stop.TrimEnd('%'), [cultureinfo]::InvariantCulture) })
        }
        passed = @($Bound['Passed'] | Where-Object { $_ }); connections = @(Get-NativeConnection)
    }
    if ($Bound['Limit']) { $request.limits = $Bound['Limit'] }
    $memory = @{ ExportPath = $(if ($Bound['ExportPath']) { Resolve-NativePath $Cmdlet $Bound['ExportPath'] } else { [IO.Path]::ChangeExtension($file, $null).TrimEnd('.') }) }
    $quiet = [bool]$Bound['Quiet']
    $emit = @{
        operations = {
            param($notice)
            foreach ($item in $notice.items) {
                if (-not $quiet) {
                    $item.PSObject.TypeNames.Insert(0, 'Coexist.OperationResult')
                    $item
                }
                if ($item.Outcome -eq 'Failed') {
                    $message = "$($item.Name): $($item.What): $($item.Message)$(if ($item.Action) { " $($item.Action)" })"
                    $Cmdlet.WriteError([Management.Automation.ErrorRecord]::new([InvalidOperationException]::new($message), $item.Code, 'WriteError', $item.Operation))
                }
            }
        }
    }
    $ask = @{
        shouldProcess = { param($notice) Read-Confirmation $Cmdlet $notice $asks }
        irreversible = { param($notice) Read-Confirmation $Cmdlet $notice $asks }
    }
    $result = $null
    Invoke-TenantJob $Cmdlet $request $memory $emit $ask ([ref]$result)
    ConvertTo-NativeResult $result Coexist.ApplicationSummary
}
