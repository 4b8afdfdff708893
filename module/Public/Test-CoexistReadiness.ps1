function Test-CoexistReadiness {
    <#
    .SYNOPSIS
    Emits what stands in the way of a move, as findings, without planning anything.

    .DESCRIPTION
    Reads the specification and the snapshots that it names, and emits one object per finding: a stable code, how much it matters, which object it
    is about, what was seen, why it matters, what to do, and who sets the rule. A finding of severity error stops only the person whom it is about.

    .PARAMETER Specification
    The specification, coexist.json.

    .PARAMETER Item
    The backlog items to judge, such as MC-01.

    .INPUTS
    None.

    .OUTPUTS
    Coexist.Finding: Code, Severity, Blocks, Name, Identity, Tenant, Kind, Message, Why, Remedy, Evidence, Source, Date, File, Line.

    .EXAMPLE
    New-CoexistLab -Path $env:TEMP/coexist-lab -People 20 -Force | Out-Null
    Test-CoexistReadiness $env:TEMP/coexist-lab/coexist.json | Group-Object Code -NoElement

    Makes a small lab and counts what is wrong in it.

    .NOTES
    Errors:
    SpecificationNotFound  there is no such file
    SpecificationInvalid   the specification cannot be read; the message has the place
    SnapshotNotFound       a snapshot that it names is missing
    A bad record is an error of its own, with file and line; the others go on.

    .LINK
    New-CoexistPlan
    #>
    [CmdletBinding()]
    [OutputType('Coexist.Finding')]
    param(
        [Parameter(Position = 0)]
        [string] $Specification = 'coexist.json',

        [ArgumentCompleter({ & (Get-Command $args[0]).Module Complete-NativeWord Item $args[2] })]
        [string[]] $Item = @('MC-01')
    )

    end {
        Assert-LanguageMode
        $request = @{ job = 'readiness'; specification = Resolve-NativePath $PSCmdlet $Specification; items = @($Item) }
        Invoke-NativeJob $PSCmdlet $request -Emit @{ findings = 'Coexist.Finding' }
    }
}
