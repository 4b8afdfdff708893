function Invoke-CoexistPlan {
    <#
    .SYNOPSIS
    Carries out a plan through the tenants that this process is connected to, operation by operation, and says what came of each.

    .DESCRIPTION
    An operation runs when its stage is among those that are named, its time has come, its gates hold, and everything that it depends on is done and has
    been seen. Before it, the object is read: what somebody else has changed since the plan was made is not overwritten, and what is there already is not
    done again. After it, the object is read until the change shows. What does not show yet is Pending, and settled by a later run.

    What is about to be done is in the journal, on the disk, before it is done, and its outcome after it: the folder <plan>.journal beside the plan. A run
    that is killed, or a machine that reboots, loses nothing: run the same command again, and it goes on. Nothing takes effect twice.

    Surfaces that this process is not connected to are left to other processes on the same plan: their operations are Waiting here, and go on there. One
    process for each tenant and surface is the normal form of a cutover night. A second process on the same tenant and surface is refused.

    -WhatIf reads everything, changes nothing, and writes no journal. Without -Confirm:$false each operation is confirmed; where nobody can be asked, that
    is an error before anything is done. Operations that cannot be taken back are asked for separately, and skipped where they are not allowed.

    Each operation is one object. A failed one is an error, too, with the operation's id as its target; those that depend on it are skipped, other people go
    on. The last object is the summary, whose ExitCode says what to do next:

    0  everything that was selected is done
    2  nothing is wrong, but something is pending, or waits for its time, its gate or another process: run it again
    3  something was skipped: drift, a missed moment, or what it depends on
    4  something failed
    5  stopped early, by -StopOn

    Invoke-CoexistTask.ps1 in the module's folder is this command for scheduled tasks.

    .PARAMETER Path
    The plan of New-CoexistPlan, or the plan of batches of New-CoexistBatchPlan.

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
    Stop, in good order, after this many operations have been carried out.

    .PARAMETER StopOn
    Stop after so many errors (10), or when so many of the operations carried out have failed (5%).

    .PARAMETER NoWait
    Do not wait for gates and for changes to show: leave that to the next run.

    .PARAMETER AllowIrreversible
    Carry out operations that cannot be taken back without asking.

    .PARAMETER Force
    Take over the lock of a process on another machine. Make sure that it runs no more: Coexist cannot.

    .PARAMETER Passed
    Ids of manual places that you have done by hand.

    .PARAMETER ExportPath
    The folder of New-CoexistBatchPlan -ExportPath, with the files that operations hand over. Else the folder beside the plan that is called like it.

    .PARAMETER Limit
    Times and tries instead of those in data/limits.json, such as @{ settleMinutes = 60; applyWaitHours = 2 }.

    .PARAMETER Quiet
    Put out the summary alone.

    .INPUTS
    None.

    .OUTPUTS
    Coexist.OperationResult, for each operation: Operation, Outcome, Name, Target, Step, What, Stage, Surface, Tenant, Code, Message, Action, DependsOn, Seconds.
    Coexist.ApplicationSummary, at last: Plan, Journal, Run, Operations, a count for each outcome, Earlier (done by earlier runs), Stopped, NextDue, ExitCode.

    .EXAMPLE
    $lab = "$env:TEMP/coexist-lab"
    New-CoexistLab -Path $lab -People 20 -Force | Out-Null
    New-CoexistPlan -Specification $lab/coexist.json -Path $lab/plan.json -Force -ErrorAction SilentlyContinue | Out-Null
    Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab | Out-Null
    Invoke-CoexistPlan $lab/plan.json -Stage prepare -WhatIf | Select-Object -First 5

    Shows, on a lab, what would be done, and changes nothing.

    .EXAMPLE
    $lab = "$env:TEMP/coexist-lab"
    New-CoexistLab -Path $lab -People 20 -Force | Out-Null
    New-CoexistPlan -Specification $lab/coexist.json -Path $lab/plan.json -Force -ErrorAction SilentlyContinue | Out-Null
    Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab | Out-Null
    $rows = Invoke-CoexistPlan $lab/plan.json -Stage prepare -Confirm:$false -ErrorAction SilentlyContinue
    $rows | Where-Object Outcome | Group-Object Outcome -NoElement
    $rows[-1].ExitCode

    Carries out the prepare stage on a lab, and splits what came out: objects with an Outcome are operations, the last one is the summary.

    .EXAMPLE
    $lab = "$env:TEMP/coexist-lab"
    New-CoexistLab -Path $lab -People 20 -Force | Out-Null
    New-CoexistPlan -Specification $lab/coexist.json -Path $lab/plan.json -Force -ErrorAction SilentlyContinue | Out-Null
    Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab | Out-Null
    Invoke-CoexistPlan $lab/plan.json -Surface exchange -MaxOperations 3 -NoWait -Confirm:$false -Quiet

    Carries out three operations of Exchange, and leaves the rest to the next run.

    .NOTES
    Errors that end the command, with nothing done:
    PlanNotFound, PlanInvalid  there is no such plan, or it cannot be read
    TenantMismatch       a connection belongs to another tenant than the plan's; both are named
    PlanLocked           another process of this plan works on this tenant and surface; it is named
    PlanLockedElsewhere  so does, or did, one on another machine; see -Force
    JournalDamaged       the journal cannot be read; nothing is run
    ConfirmationNeeded   nobody can be asked in this session; use -Confirm:$false, or -WhatIf
    Errors of operations have the operation's code, and its id as their target.

    .LINK
    New-CoexistPlan

    .LINK
    Connect-CoexistTenant

    .LINK
    Watch-CoexistPlan

    .LINK
    Undo-CoexistPlan
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

        [switch] $AllowIrreversible,

        [switch] $Force,

        [string[]] $Passed,

        [string] $ExportPath,

        [hashtable] $Limit,

        [switch] $Quiet
    )

    end {
        Assert-LanguageMode
        $whatIf = if ($PSBoundParameters.ContainsKey('WhatIf')) { [bool]$PSBoundParameters.WhatIf } else { [bool]$PSCmdlet.GetVariableValue('WhatIfPreference') }
        $confirm = if (-not $PSBoundParameters.ContainsKey('Confirm')) { $PSCmdlet.GetVariableValue('ConfirmPreference') } elseif ($PSBoundParameters.Confirm) { 'Low' } else { 'None' }
        Invoke-PlanJob $PSCmdlet $PSBoundParameters apply $Path $whatIf $confirm
    }
}
