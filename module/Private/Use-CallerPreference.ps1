function Use-CallerPreference {
    <#
    .SYNOPSIS
    Gives a public function the preference variables of its caller, which PowerShell keeps from functions of a module.
    .NOTES
    A script that sets $ErrorActionPreference or $WhatIfPreference expects every command to follow: PowerShell issue 4568.
    #>
    param(
        [Management.Automation.PSCmdlet] $Cmdlet
    )

    foreach ($pair in ('ErrorAction', 'ErrorActionPreference'), ('WarningAction', 'WarningPreference'), ('WhatIf', 'WhatIfPreference'),
        ('Confirm', 'ConfirmPreference'), ('Verbose', 'VerbosePreference'), ('ProgressAction', 'ProgressPreference')) {
        if (-not $Cmdlet.MyInvocation.BoundParameters.ContainsKey($pair[0])) {
            Set-Variable -Name $pair[1] -Value $Cmdlet.SessionState.PSVariable.GetValue($pair[1]) -Scope 1 -WhatIf:$false -Confirm:$false
        }
    }
}
