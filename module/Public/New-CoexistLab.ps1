function New-CoexistLab {
    <#
    .SYNOPSIS
    Writes two fictional tenants to practise on: snapshots of both and a specification, with every trouble in known numbers.

    .DESCRIPTION
    The same People and Seed give the same bytes on every platform. The result says what was planted, by finding code, so that what
    Test-CoexistReadiness finds can be compared with it.

    .PARAMETER Path
    The folder to write: source, target and coexist.json are made in it.

    .PARAMETER People
    How many people the source tenant has.

    .PARAMETER Seed
    Another number makes other people.

    .PARAMETER Force
    Replace a lab that is there.

    .INPUTS
    None.

    .OUTPUTS
    Coexist.Lab: Path, Specification, People, Seed, Planted.

    .EXAMPLE
    New-CoexistLab -Path $env:TEMP/coexist-lab -People 20 -Force

    Writes a lab of 20 people.

    .NOTES
    Errors:
    LabExists  the folder is there and not empty; use -Force

    .LINK
    Test-CoexistReadiness
    #>
    [CmdletBinding(SupportsShouldProcess)]
    [OutputType('Coexist.Lab')]
    param(
        [Parameter(Mandatory, Position = 0)]
        [string] $Path,

        [ValidateRange(1, 10000000)]
        [int] $People = 2000,

        [ValidateRange(0, 2147483647)]
        [int] $Seed = 1,

        [switch] $Force
    )

    end {
        Assert-LanguageMode
        $WhatIfPreference = $PSCmdlet.GetVariableValue('WhatIfPreference')
        $ConfirmPreference = $PSCmdlet.GetVariableValue('ConfirmPreference')
        $folder = Resolve-NativePath $PSCmdlet $Path
        if (-not $PSCmdlet.ShouldProcess($folder, "Write a lab of $People people")) { return }

        $result = $null
        Invoke-NativeJob $PSCmdlet @{ job = 'lab'; path = $folder; people = $People; seed = $Seed; replace = [bool]$Force } -Result ([ref]$result)
        ConvertTo-NativeResult $result Coexist.Lab
    }
}
