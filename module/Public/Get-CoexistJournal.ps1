function Get-CoexistJournal {
    <#
    .SYNOPSIS
    Shows what the journal of a plan says was done: when, by whom, to which object, and what the object was before.

    .DESCRIPTION
    Each entry is one intent with its outcome, of every process that has worked on the plan, in the order of time. One without an outcome is Open: a process is
    at it, or died at it, and the next run settles it. Reading takes no lock; a line that is cut off at the end is normal where a process was killed.

    .PARAMETER Path
    The plan.

    .PARAMETER Operation
    Only of these operations, by id; wildcards are allowed.

    .PARAMETER Subject
    Only of these people, by name or identity; wildcards are allowed.

    .PARAMETER Outcome
    Only with these outcomes: Done, AlreadyDone, Pending, Skipped, Failed, Undone, Open.

    .INPUTS
    None.

    .OUTPUTS
    Coexist.JournalEntry: At, Act, Operation, Name, Target, Step, Outcome, Code, Message, Run, Host, User, Surface, Tenant, Ended, Before, After.

    .EXAMPLE
    $lab = "$env:TEMP/coexist-lab"
    New-CoexistLab -Path $lab -People 20 -Force | Out-Null
    New-CoexistPlan -Specification $lab/coexist.json -Path $lab/plan.json -Force -ErrorAction SilentlyContinue | Out-Null
    Connect-CoexistTenant fabrikam.onmicrosoft.com -Lab $lab | Out-Null
    Invoke-CoexistPlan $lab/plan.json -Surface exchange -MaxOperations 3 -NoWait -Confirm:$false -Quiet | Out-Null
    Get-CoexistJournal $lab/plan.json | Format-Table At, Step, Outcome, Before

    Carries out three operations on a lab, and shows what stands in the journal about them.

    .NOTES
    Errors:
    PlanNotFound     there is no such plan
    JournalDamaged   a line in the middle cannot be read; the message has file and line

    .LINK
    Invoke-CoexistPlan

    .LINK
    Undo-CoexistPlan
    #>
    [CmdletBinding()]
    [OutputType('Coexist.JournalEntry')]
    param(
        [Parameter(Position = 0)]
        [string] $Path = 'plan.json',

        [SupportsWildcards()]
        [string[]] $Operation,

        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-PlanWord subject $args[2] $args[4] })]
        [SupportsWildcards()]
        [string[]] $Subject,

        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-NativeWord JournalOutcome $args[2] })]
        [string[]] $Outcome
    )

    end {
        Assert-LanguageMode
        $like = {
            param($Patterns, $Texts)
            foreach ($pattern in $Patterns) { if ($Texts -like $pattern) { return $true } }
            -not $Patterns
        }
        $file = Resolve-NativePath $PSCmdlet $Path
        $result = $null
        Invoke-NativeJob $PSCmdlet @{ job = 'journal'; plan = $file } -Emit @{ entries = 'Coexist.JournalEntry' } -Result ([ref]$result) |
            Where-Object { (-not $Outcome -or $_.Outcome -in $Outcome) -and (& $like $Operation @($_.Operation)) -and (& $like $Subject @($_.Name, $_.Target, ($_.Operation -split '/')[1])) }
        if ($result.torn) { $PSCmdlet.WriteVerbose("$($result.torn) lines are cut off at their ends, as a killed process leaves them; the next run repairs that.") }
    }
}
