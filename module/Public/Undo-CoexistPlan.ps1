function Undo-CoexistPlan {
    <#
    .SYNOPSIS
    Takes back what the journal of a plan says was done, in reverse order, with the same care as it was done with.

    .DESCRIPTION
    Only what is in the journal as done is taken back, and only where the object still is as the operation left it: what somebody else has changed since is
    skipped. What depends on an operation is taken back before it. Each step back is in the journal itself, so that an interrupted run goes on.

    What cannot be taken back was marked so in the plan, with the reason; it is skipped. -WhatIf shows what would be done. Locks, gates, connections and
    exit codes are those of Invoke-CoexistPlan.

    .PARAMETER Path
    The plan.

    .PARAMETER Stage
    Only these stages: prepare, preStage, cutover, settle.

    .PARAMETER Item
    Only these backlog items, such as MC-01.

    .PARAMETER Batch
    Only the people of these batches.

    .PARAMETER BatchPlan
    The plan of batches that says who is in which batch.

    .PARAMETER Subject
    Only these people, by name or identity; wildcards are allowed.

    .PARAMETER Surface
    Only these surfaces: exchange, graph, teams, sharePoint, activeDirectory, manual.

    .PARAMETER MaxOperations
    Stop, in good order, after this many operations have been taken back.

    .PARAMETER StopOn
    Stop after so many errors (10), or when so many of the operations have failed (5%).

    .PARAMETER NoWait
    Do not wait for changes to show: leave that to the next run.

    .PARAMETER Force
    Take over the lock of a process on another machine. Make sure that it runs no more: Coexist cannot.

    .PARAMETER ExportPath
    The folder of New-CoexistBatchPlan -ExportPath. Else the folder beside the plan that is called like it.

    .PARAMETER Limit
    Times and tries instead of those in data/limits.json, such as @{ settleMinutes = 60; applyWaitHours = 2 }.

    .PARAMETER Quiet
    Put out the summary alone.

    .INPUTS
    None.

    .OUTPUTS
    Coexist.OperationResult, for each operation, and at last Coexist.ApplicationSummary, as of Invoke-CoexistPlan.

    .EXAMPLE
    $lab = "$env:TEMP/coexist-lab"
    New-CoexistLab -Path $lab -People 20 -Force | Out-Null
    New-CoexistPlan -Specification $lab/coexist.json -Path $lab/plan.json -Force -ErrorAction SilentlyContinue | Out-Null
    Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab | Out-Null
    Invoke-CoexistPlan $lab/plan.json -Surface exchange -MaxOperations 3 -NoWait -Confirm:$false -Quiet | Out-Null
    Undo-CoexistPlan $lab/plan.json -Confirm:$false

    Carries out three operations on a lab, and takes them back.

    .NOTES
    Errors: as of Invoke-CoexistPlan.

    .LINK
    Invoke-CoexistPlan

    .LINK
    Get-CoexistJournal
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSShouldProcess', '', Justification = 'Asked for each operation, in Read-Confirmation.')]
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    [OutputType('Coexist.OperationResult', 'Coexist.ApplicationSummary')]
    param(
        [Parameter(Position = 0)]
        [string] $Path = 'plan.json',

        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-NativeWord Stage $args[2] })]
        [string[]] $Stage,

        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-NativeWord Item $args[2] })]
        [string[]] $Item,

        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-PlanWord batch $args[2] $args[4] })]
        [string[]] $Batch,

        [string] $BatchPlan,

        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-PlanWord subject $args[2] $args[4] })]
        [SupportsWildcards()]
        [string[]] $Subject,

        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-NativeWord Surface $args[2] })]
        [string[]] $Surface,

        [ValidateRange(1, [int]::MaxValue)]
        [int] $MaxOperations,

        [ValidatePattern('^([1-9]\d{0,8}|\d{1,2}(\.\d+)?%)$')]
        [string] $StopOn,

        [switch] $NoWait,

        [switch] $Force,

        [string] $ExportPath,

        [hashtable] $Limit,

        [switch] $Quiet
    )

    end {
        Assert-LanguageMode
        $whatIf = if ($PSBoundParameters.ContainsKey('WhatIf')) { [bool]$PSBoundParameters.WhatIf } else { [bool]$PSCmdlet.GetVariableValue('WhatIfPreference') }
        $confirm = if (-not $PSBoundParameters.ContainsKey('Confirm')) { $PSCmdlet.GetVariableValue('ConfirmPreference') } elseif ($PSBoundParameters.Confirm) { 'Low' } else { 'None' }
        Invoke-PlanJob $PSCmdlet $PSBoundParameters undo $Path $whatIf $confirm
    }
}
