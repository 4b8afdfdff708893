function Watch-CoexistPlan {
    <#
    .SYNOPSIS
    Shows what of a plan is running, due, waiting for which gate, pending, or failed and why, refreshed in place.

    .DESCRIPTION
    Reads the plan and the journals of every process that works on it, and takes no lock: it can run on another screen, as another account that may read the
    folder. The state of migration users and moves that are under way is asked through the connections of this process, if it has any. What a service said no
    with is shown with its cause and with what to do: resume, or remove the person and put them into another batch.

    Ctrl+C ends it, and it ends by itself once nothing is running, due, waiting or pending. Where the host cannot move its cursor, each round is written below
    the last, when something has changed.

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

    .PARAMETER IncludeDone
    Put out what is done, too.

    .PARAMETER Once
    Put out the states as objects, once.

    .PARAMETER Seconds
    How often to look again.

    .INPUTS
    None.

    .OUTPUTS
    With -Once, Coexist.OperationState: State, Operation, Name, Target, Step, Stage, Surface, WaitsFor, Since, DueAt, Code, Message, Cause, Action.

    .EXAMPLE
    $lab = "$env:TEMP/coexist-lab"
    New-CoexistLab -Path $lab -People 20 -Force | Out-Null
    New-CoexistPlan -Specification $lab/coexist.json -Path $lab/plan.json -Force -ErrorAction SilentlyContinue | Out-Null
    Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab | Out-Null
    Watch-CoexistPlan $lab/plan.json -Once | Group-Object State -NoElement

    Counts the states of a plan on a lab before anything was done.

    .NOTES
    Errors:
    PlanNotFound     there is no such plan
    JournalDamaged   the journal cannot be read

    .LINK
    Invoke-CoexistPlan

    .LINK
    Get-CoexistJournal
    #>
    [CmdletBinding()]
    [OutputType('Coexist.OperationState')]
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

        [switch] $IncludeDone,

        [switch] $Once,

        [ValidateRange(1, 3600)]
        [int] $Seconds = 5
    )

    end {
        Assert-LanguageMode
        $file = Resolve-NativePath $PSCmdlet $Path
        $screen = $null
        while ($true) {
            $request = @{ job = 'watch'; plan = $file; select = New-PlanSelection $PSCmdlet $PSBoundParameters; done = [bool]$IncludeDone; connections = @(Get-NativeConnection) }
            $result = $null
            if ($Once) {
                Invoke-TenantJob $PSCmdlet $request @{} @{ states = 'Coexist.OperationState' } @{} ([ref]$result)
                return
            }
            # What no screen shows is counted only.
            $request.most = 200
            $states = @(Invoke-TenantJob $PSCmdlet $request @{} @{ states = 'Coexist.OperationState' } @{} ([ref]$result))
            $screen = Show-PlanState $states $result $file $screen
            if (-not ($result.Running + $result.Due + $result.Waiting + $result.Pending)) { return }
            Start-Sleep -Seconds $Seconds
        }
    }
}
